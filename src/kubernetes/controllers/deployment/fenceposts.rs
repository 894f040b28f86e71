//! How far a rolling update may go above and below the wanted number.
//! Source: kubernetes v1.37 pkg/controller/deployment/util/deployment_util.go; apimachinery/pkg/util/intstr/intstr.go.

use crate::kubernetes::objects::deployment::Deployment;
use crate::kubernetes::objects::parts::IntOrPercent;
use crate::text::Value;

/// A whole number, or a percentage of `total` rounded up or down; the error in the real code's words.
/// Source: intstr.go, GetScaledValueFromIntOrPercent.
pub fn scaled(value: &Value, total: i32, round_up: bool) -> Result<i32, String> {
    let Some(read) = IntOrPercent::read(value) else { return Ok(0) };
    let count = read.of(i64::from(total), round_up).ok_or_else(|| NOT_A_PERCENTAGE.to_string())?;
    Ok(count.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32)
}

const NOT_A_PERCENTAGE: &str = "invalid value for IntOrString: invalid type: string is not a percentage";

/// (surge, unavailable) of a rolling update. Both 0 would be a standstill, so unavailable is then 1.
/// Source: ResolveFenceposts.
pub fn resolve(surge: &Value, unavailable: &Value, wanted: i32) -> Result<(i32, i32), String> {
    let surge = scaled(surge, wanted, true)?;
    let unavailable = scaled(unavailable, wanted, false)?;
    Ok(if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) })
}

/// How many pods more than wanted there may be. Source: MaxSurge.
pub fn max_surge(d: &Deployment) -> i32 {
    if d.recreate {
        return 0;
    }
    resolve(&d.max_surge, &d.max_unavailable, d.replicas).map_or(0, |(surge, _)| surge)
}

/// How many of the wanted pods may be missing. Source: MaxUnavailable.
pub fn max_unavailable(d: &Deployment) -> i32 {
    if d.recreate || d.replicas == 0 {
        return 0;
    }
    resolve(&d.max_surge, &d.max_unavailable, d.replicas).map_or(0, |(_, n)| n).min(d.replicas)
}

/// How many pods must stay available. Source: MinAvailable.
pub fn min_available(d: &Deployment) -> i32 {
    if d.recreate { 0 } else { d.replicas - max_unavailable(d) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_a_standstill(surge in 0i64..100, unavailable in 0i64..100, percent: bool, wanted in 1i32..5000) {
            let value = |n: i64| if percent { Value::str(format!("{n}%")) } else { Value::Int(n) };
            let (surge, unavailable) = resolve(&value(surge), &value(unavailable), wanted).unwrap_or_default();
            prop_assert!(surge + unavailable > 0);
        }
    }

    #[test]
    fn percentages_round_surge_up_and_unavailable_down() {
        let quarter = Value::str("25%");
        assert_eq!(resolve(&quarter, &quarter, 10), Ok((3, 2)));
        assert_eq!(resolve(&quarter, &quarter, 1), Ok((1, 0)));
        assert_eq!(resolve(&Value::str("0%"), &Value::Int(0), 10), Ok((0, 1)));
        assert!(resolve(&Value::str("ten"), &quarter, 10).is_err());
    }
}
