//! Days of the Gregorian calendar as numbers, counted from 1 January 1970.

/// Year, month, day of a day number.
/// Source: Howard Hinnant, chrono-compatible low-level date algorithms, civil_from_days.
pub fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let (era, doe) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

/// Day number of a date; months beyond 12 and below 1 carry into the year. Source: same, days_from_civil.
pub fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = (year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1);
    let y = if month <= 2 { year - 1 } else { year };
    let (era, yoe) = (y.div_euclid(400), y.rem_euclid(400));
    let mp = if month > 2 { month - 3 } else { month + 9 };
    let doy = (153 * mp + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_days() {
        for (date, number) in [((1970, 1, 1), 0), ((2000, 2, 29), 11_016), ((2026, 1, 1), 20_454), ((1969, 12, 31), -1)]
        {
            assert_eq!((days(date.0, date.1, date.2), civil(number)), (number, date));
        }
        assert_eq!(days(2026, 13, 1), days(2027, 1, 1));
        assert_eq!(days(2026, 0, 1), days(2025, 12, 1));
    }

    proptest! {
        #[test]
        fn there_and_back(number in -1_000_000i64..4_000_000) {
            let (y, m, d) = civil(number);
            prop_assert_eq!(days(y, m, d), number);
            prop_assert!((1..=12).contains(&m) && (1..=31).contains(&d));
        }
    }
}
