//! What templates print, and what Go says to those that it cannot read or fill in.

use super::*;
use crate::console::compose::shapes::{completed, typed};
use crate::map;
use crate::text::Value;

fn tree() -> Value {
    completed(
        "container.InspectResponse",
        &Value::from(map! {
            "Id" => "abc",
            "Name" => "/a",
            "Args" => vec![Value::from("x"), Value::from("y")],
            "RestartCount" => 3,
            "State" => map! { "Status" => "running", "Running" => true },
            "HostConfig" => map! { "RestartPolicy" => map! { "Name" => "no" }, "NanoCpus" => 5 },
            "Config" => map! { "Labels" => map! { "b" => "2", "a" => "1<" } },
            "NetworkSettings" => map! {
                "Ports" => map! { "80/tcp" => vec![
                    Value::from(map! { "HostIp" => "0.0.0.0", "HostPort" => "18601" }),
                    Value::from(map! { "HostIp" => "::", "HostPort" => "18601" }),
                ] },
                "Networks" => map! { "n" => map! { "IPAddress" => "172.18.0.2" } },
            },
        }),
    )
}

fn filled(source: &str) -> Result<String, String> {
    let (template, tree) = (Template::read(source, DOCKER)?, tree());
    template.fill(&typed("container.InspectResponse~", &tree), false).or_else(|_| template.fill(&Go::raw(&tree), true))
}

#[test]
fn fields_print_as_go_prints_them() {
    for (source, text) in [
        ("{{.Name}} {{.State.Status}} {{.RestartCount}}", "/a running 3"),
        ("{{.HostConfig.RestartPolicy}}", "{no 0}"),
        ("{{json .HostConfig.RestartPolicy}}", r#"{"Name":"no","MaximumRetryCount":0}"#),
        // `NanoCpus` is no field of the struct: all is read from the answer as it came.
        (
            "{{json .HostConfig.RestartPolicy}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}",
            r#"{"MaximumRetryCount":0,"Name":"no"} 5 <no value>"#,
        ),
        ("{{.HostConfig.PidsLimit}} {{.Config.Healthcheck}} [{{.Config.StopSignal}}]", "<nil> <nil> []"),
        ("{{.NetworkSettings.Ports}}", "map[80/tcp:[{0.0.0.0 18601} {:: 18601}]]"),
        ("{{.HostConfig.Privileged}} {{.HostConfig.Binds}} {{json .HostConfig.Binds}}", "false [] null"),
        ("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "172.18.0.2"),
        ("{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}", "a=1<;b=2;"),
        ("{{json .Config.Labels}} {{len .Args}} {{join .Args \",\"}}", r#"{"a":"1<","b":"2"} 2 x,y"#),
        ("{{index .Config.Labels \"b\"}}{{index .Config.Labels \"z\"}}{{index .Args 1}}", "2y"),
        ("{{(index (index .NetworkSettings.Ports \"80/tcp\") 0).HostPort}}", "18601"),
        ("{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}", "none"),
        ("{{with .State.Health}}{{.Status}}{{else if}}{{end}}", "?"),
        ("{{if eq .State.Status \"exited\" \"running\"}}up{{else}}down{{end}}", "up"),
        ("{{if and .State.Running (gt .RestartCount 2)}}often{{end}}", "often"),
        ("a {{- /* no */ -}} b{{ .Name | printf \"%6s|%-4q\" | upper -}}  c", "ab    /A|%!Q(MISSING)c"),
        ("{{$n := .RestartCount}}{{range $i, $a := .Args}}{{if $i}},{{end}}{{$a}}{{$n}}{{end}}", "x3,y3"),
        ("{{range .Args}}{{if eq . \"y\"}}{{break}}{{end}}{{.}}{{end}}{{range .Mounts}}m{{else}}-{{end}}", "x-"),
        ("{{split .Name \"/\"}} {{slice .Name 1}} {{title \"ab cd\"}} {{truncate .Name 1}}", "[ a] a Ab Cd /"),
        ("{{println .RestartCount}}{{print 1 2}}{{print \"a\" 1 \"b\"}} {{.ID}}", "3\n1 2a1b abc"),
    ] {
        let found = filled(source);
        if text == "?" {
            assert!(found.is_err(), "{source}");
        } else {
            assert_eq!(found.as_deref(), Ok(text), "{source}");
        }
    }
}

#[test]
fn errors_have_the_words_and_the_place_of_go() {
    for (source, words) in [
        (
            "{{.State.Health.Status}}",
            ":1:8: executing \"\" at <.State.Health.Status>: map has no entry for key \"Health\"",
        ),
        ("{{.Nope}}", ":1:2: executing \"\" at <.Nope>: map has no entry for key \"Nope\""),
        ("a\n {{.Name.X}}", ":2:8: executing \"\" at <.Name.X>: can't evaluate field X in type interface {}"),
        ("{{index .Args 7}}", ":1:2: executing \"\" at <index .Args 7>: error calling index: index out of range: 7"),
        ("{{nope .X}}", ":1: function \"nope\" not defined"),
        ("{{.Name", ":1: unclosed action"),
        ("{{if .Name}}x", ":1: unexpected EOF"),
        ("{{end}}", ":1: unexpected {{end}}"),
        ("{{$x}}", ":1: undefined variable \"$x\""),
        ("{{}}", ":1: missing value for command"),
        ("\n{{break}}", ":2: {{break}} outside {{range}}"),
        ("{{.Name 1}}", ":1:2: executing \"\" at <.Name>: Name is not a method but has arguments"),
        ("{{len 3}}", ":1:2: executing \"\" at <len 3>: error calling len: len of type int"),
    ] {
        assert_eq!(filled(source), Err(format!("template: {words}")), "{source}");
    }
}
