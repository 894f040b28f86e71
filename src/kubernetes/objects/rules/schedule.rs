//! Whether a cron line can be read, and the words if not.
//! Source: github.com/robfig/cron/v3 (as of kubernetes v1.37) parser.go, ParseStandard.

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Reads a line without keeping it.
pub fn check(line: &str) -> Result<(), String> {
    if line.is_empty() {
        return Err("empty spec string".into());
    }
    if line.starts_with('@') {
        return descriptor(line);
    }
    let fields: Vec<&str> = line.split_whitespace().collect();
    if fields.len() != 5 {
        return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
    }
    const BOUNDS: [(u64, u64, &[&str]); 5] =
        [(0, 59, &[]), (0, 23, &[]), (1, 31, &[]), (1, 12, &MONTHS), (0, 6, &DAYS)];
    for (field, (min, max, names)) in fields.iter().zip(BOUNDS) {
        for range in field.split(',').filter(|r| !r.is_empty()) {
            self::range(range, min, max, names)?;
        }
    }
    Ok(())
}

fn descriptor(line: &str) -> Result<(), String> {
    const KNOWN: [&str; 7] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
    if KNOWN.contains(&line) {
        return Ok(());
    }
    if let Some(span) = line.strip_prefix("@every ") {
        return duration(span).map_err(|words| format!("failed to parse duration {line}: {words}"));
    }
    Err(format!("unrecognized descriptor: {line}"))
}

/// A Go duration, as far as its form goes.
fn duration(text: &str) -> Result<(), String> {
    let bad = || Err(format!("time: invalid duration {text:?}"));
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Ok(());
    }
    if rest.is_empty() {
        return bad();
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number = &rest[..digits];
        if number.is_empty() || number == "." {
            return bad();
        }
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        match &rest[..unit] {
            "" => return Err(format!("time: missing unit in duration {text:?}")),
            "ns" | "us" | "µs" | "μs" | "ms" | "s" | "m" | "h" => {}
            other => return Err(format!("time: unknown unit {other:?} in duration {text:?}")),
        }
        rest = &rest[unit..];
    }
    Ok(())
}

fn range(text: &str, min: u64, max: u64, names: &[&str]) -> Result<(), String> {
    let parts: Vec<&str> = text.split('/').collect();
    let ends: Vec<&str> = parts[0].split('-').collect();
    let (start, mut end, single) = if matches!(ends[0], "*" | "?") {
        (min, max, false)
    } else {
        let start = number(ends[0], min, names)?;
        match ends.as_slice() {
            [_] => (start, start, true),
            [_, end] => (start, number(end, min, names)?, false),
            _ => return Err(format!("too many hyphens: {text}")),
        }
    };
    let step = match parts.as_slice() {
        [_] => 1,
        [_, step] => {
            let step = plain(step)?;
            if single {
                end = max;
            }
            step
        }
        _ => return Err(format!("too many slashes: {text}")),
    };
    if start < min {
        return Err(format!("beginning of range ({start}) below minimum ({min}): {text}"));
    }
    if end > max {
        return Err(format!("end of range ({end}) above maximum ({max}): {text}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {text}"));
    }
    Ok(())
}

fn number(text: &str, first: u64, names: &[&str]) -> Result<u64, String> {
    match names.iter().position(|n| n.eq_ignore_ascii_case(text)) {
        Some(at) => Ok(first + at as u64),
        None => plain(text),
    }
}

fn plain(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let atoi = |why: &str| Err(format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: {why}"));
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return atoi("invalid syntax");
    }
    match text.parse::<i64>() {
        Ok(n) if n < 0 => Err(format!("negative number ({n}) not allowed: {text}")),
        Ok(n) => Ok(n.unsigned_abs()),
        Err(_) => atoi("value out of range"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_or_refused() {
        for good in ["* * * * *", "*/5 1-3,7 ? JAN mon-FRI", "@daily", "@every 1h30m", "5/10 * * * *"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, words) in [
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("* * * 0 *", "beginning of range (0) below minimum (1): 0"),
            ("a * * * *", "failed to parse int from a: strconv.Atoi: parsing \"a\": invalid syntax"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
            ("@every x", "failed to parse duration @every x: time: invalid duration \"x\""),
            ("* * * * * *", "expected exactly 5 fields, found 6: [* * * * * *]"),
        ] {
            assert_eq!(check(bad), Err(words.to_owned()), "{bad}");
        }
    }
}
