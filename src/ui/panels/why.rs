//! Why: the chain of causes, newest first. It ends at a line of a file, a person, a fault or a default.

use super::super::format;
use super::super::hooks::use_page;
use super::super::page::topic;
use super::super::texts::Texts;
use super::inspector::origin;
use yew::prelude::*;

/// Properties of [`Why`].
#[derive(Properties, PartialEq)]
pub struct WhyProps {
    /// Row id.
    pub id: u32,
}

/// Who did it: a part of the cluster by its own name, anybody else in words.
fn actor(name: &str, t: Texts) -> &str {
    match name {
        "you" => t.why_you(),
        "scenario" => t.why_scenario(),
        "fault" => t.why_fault(),
        _ => name,
    }
}

/// The chain.
#[component]
pub fn Why(props: &WhyProps) -> Html {
    let page = use_page(topic::ANSWERS | topic::CHOICE | topic::ROWS);
    let t = page.texts();
    let (steps, name) = {
        let view = page.view();
        (view.why.clone(), view.row(props.id).map(|r| r.name.clone()).unwrap_or_default())
    };
    let Some(steps) = steps else { return html! { <p class="empty">{ t.why_asking() }</p> } };
    let by_person = steps.last().is_some_and(|s| ["you", "scenario"].contains(&s.what.actor.as_str()));
    let ended = by_person || steps.iter().any(|s| s.origin.is_some());
    html! {
        <>
            <h3 class="question">{ t.why_question(name) }</h3>
            <ol class="chain">
                { for steps.iter().enumerate().map(|(i, step)| {
                    let what = &step.what;
                    let (seek, at) = (page.clone(), what.at);
                    html! {
                        <li key={format!("{i}-{}", what.entry)} data-warning={what.warning.to_string()}>
                            <div class="when">
                                <button type="button" class="link numbers" title={t.why_moment()}
                                    onclick={move |_| seek.seek(at)}>{ format::clock(what.at) }</button>
                                <span class="actor">{ actor(&what.actor, t) }</span>
                            </div>
                            <p>{ t.why(&what.reason, &what.args) }</p>
                            <p class="about">
                                if i > 0 && steps[i - 1].what.name != what.name { <code>{ &what.name }</code> }
                                if let Some((file, line, col)) = &step.origin { { origin(&page, file, *line, *col) } }
                            </p>
                        </li>
                    }
                }) }
            </ol>
            if steps.is_empty() { <p class="empty">{ t.why_none() }</p> }
            else if !ended { <p class="hint">{ t.why_end() }</p> }
        </>
    }
}
