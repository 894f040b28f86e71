//! Family `quantity`: reading, calculating, rounding, printing amounts.

use super::{Case, Verdict, equal};
use crate::kubernetes::objects::parts::quantity::{Format, Quantity};
use crate::map;
use crate::text::{Value, json, number};

/// Checks one case.
pub fn check(case: &Case) -> Verdict {
    let got = match case.name.split('/').nth(1) {
        Some("parse") => parse(case.input, case.output),
        Some("arith") => arith(case.input, case.output),
        Some("round") => round(case.input),
        Some("format") => format(case.input),
        Some("json") => json(case.input),
        _ => return Err("no such theme".into()),
    };
    got.map_or_else(|words| equal(Value::Map(map! { "error" => words }), case), |value| equal(value, case))
}

fn quantity(input: &Value, name: &str) -> Result<Quantity, String> {
    Quantity::parse(input.str_at(&[name]).unwrap_or_default()).map_err(|e| e.to_string())
}

fn parse(input: &Value, recorded: &Value) -> Result<Value, String> {
    let q = quantity(input, "s")?;
    let mut out = map! {
        "asApproximateFloat64" => number::go_g(q.as_approximate_f64()),
        "asInt64OK" => q.as_i64().is_some(),
        "canonical" => q.to_string(),
        "format" => q.format().name(),
        "milliValue" => q.milli_value(),
        "sign" => q.sign(),
        "value" => q.value(),
    };
    if let Some(n) = q.as_i64() {
        out.set("asInt64", n);
    }
    // The recorder left this out where writing it would fill the memory.
    if recorded.get("asDec").is_some() {
        out.set("asDec", q.as_decimal());
    }
    Ok(out.into())
}

fn arith(input: &Value, recorded: &Value) -> Result<Value, String> {
    let (a, b) = (quantity(input, "a")?, quantity(input, "b")?);
    let change = |f: &dyn Fn(&mut Quantity)| {
        let mut it = a.clone();
        f(&mut it);
        it.to_string()
    };
    // The factor was drawn by the recorder and stands among the answers.
    let by = recorded.int_at(&["mulBy"]).unwrap_or_default();
    let mut product = a.clone();
    let exact = product.mul(by);
    Ok(Value::Map(map! {
        "add" => change(&|q| q.add(&b)),
        "sub" => change(&|q| q.sub(&b)),
        "negA" => change(&Quantity::negate),
        "cmp" => a.compare(&b) as i32,
        "equal" => a == b,
        "mul" => product.to_string(),
        "mulBy" => by,
        "mulExact" => exact,
    }))
}

fn round(input: &Value) -> Result<Value, String> {
    let q = quantity(input, "s")?;
    let scale = input.int_at(&["scale"]).and_then(|n| i32::try_from(n).ok()).unwrap_or_default();
    let mut rounded = q.clone();
    let exact = rounded.round_up(scale);
    Ok(Value::Map(map! {
        "exact" => exact, "roundedUp" => rounded.to_string(), "scaledValue" => q.scaled_value(scale)
    }))
}

fn format(input: &Value) -> Result<Value, String> {
    let formats = [Format::BinarySI, Format::DecimalExponent, Format::DecimalSI];
    let name = input.str_at(&["format"]).unwrap_or_default();
    let format = formats.into_iter().find(|f| f.name() == name).unwrap_or_default();
    let value = input.int_at(&["value"]).unwrap_or_default();
    Ok(Value::Map(map! {
        "newMilliQuantity" => Quantity::milli(value, format).to_string(),
        "newQuantity" => Quantity::new(value, format).to_string(),
    }))
}

fn json(input: &Value) -> Result<Value, String> {
    let q = Quantity::from_json(input.str_at(&["json"]).unwrap_or_default()).map_err(|e| e.to_string())?;
    Ok(Value::Map(map! { "json" => json::write(&q.to_string().into(), json::Style::COMPACT) }))
}
