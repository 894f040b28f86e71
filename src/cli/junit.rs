//! A run as a JUnit report, which every build server shows: one case an assertion.
//! The shape is what Jenkins, GitLab and GitHub's reporters read; there is no standard.

use std::fmt::Write;

/// One case of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What should hold.
    pub name: String,
    /// Why it does not; `None` when all is well.
    pub failure: Option<String>,
}

/// The report. `seconds`: how long the run was, in virtual time.
pub fn report(suite: &str, cases: &[Case], seconds: f64, output: &str) -> String {
    let failures = cases.iter().filter(|c| c.failure.is_some()).count();
    let counts = format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\" time=\"{seconds:.3}\"", cases.len());
    let mut xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"orchestrion\" {counts}>\n");
    let suite = escape(suite);
    let _ = writeln!(xml, "  <testsuite name=\"{suite}\" {counts} skipped=\"0\">");
    for case in cases {
        let name = escape(&case.name);
        let _ = write!(xml, "    <testcase classname=\"{suite}\" name=\"{name}\" time=\"{seconds:.3}\"");
        match &case.failure {
            None => xml.push_str("/>\n"),
            Some(words) => {
                let words = escape(words);
                let _ = writeln!(xml, ">\n      <failure message=\"{words}\">{words}</failure>\n    </testcase>");
            }
        }
    }
    let _ = writeln!(xml, "    <system-out>{}</system-out>\n  </testsuite>\n</testsuites>", escape(output));
    xml
}

/// Text as XML takes it; characters that XML forbids are left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if (c as u32) < 0x20 || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_counts_and_escapes() {
        let case = |name: &str, failure: Option<&str>| Case { name: name.into(), failure: failure.map(str::to_string) };
        let cases = [case("pods count < 3", None), case("a & \"b\"", Some("it is\u{1} <4>"))];
        let xml = report("web.yaml", &cases, 12.5, "done\n");
        assert!(xml.contains("tests=\"2\" failures=\"1\" errors=\"0\" time=\"12.500\""));
        assert!(xml.contains("name=\"pods count &lt; 3\" time=\"12.500\"/>"));
        assert!(xml.contains("<failure message=\"it is &lt;4&gt;\">it is &lt;4&gt;</failure>"));
        assert!(xml.contains("name=\"a &amp; &quot;b&quot;\"") && xml.ends_with("</testsuites>\n"));
    }
}
