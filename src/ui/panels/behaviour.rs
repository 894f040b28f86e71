//! What requests cost the containers of a pod or a workload: every parameter with its value, to be changed while the run goes on.

use super::super::dom;
use super::super::page::Page;
use crate::session::{Action, Inspect};
use yew::prelude::*;

/// The fields, folded until somebody wants them.
pub fn fields(page: &Page, id: u32, inspect: Option<&Inspect>) -> Html {
    let t = page.texts();
    let Some(inspect) = inspect.filter(|i| !i.behaviour.is_empty()) else { return Html::default() };
    let mut containers: Vec<&str> = inspect.behaviour.iter().map(|b| b.0.as_str()).collect();
    containers.dedup();
    html! {
        <details class="behaviour"><summary>{ t.behaviour_title() }</summary>
            <p class="hint">{ t.behaviour_hint() }</p>
            { for containers.iter().map(|container| html! {
                <fieldset key={container.to_string()}><legend>{ container }</legend>
                    { for inspect.behaviour.iter().filter(|b| b.0 == *container).map(|(container, name, value)| {
                        let (page, container, name) = (page.clone(), container.clone(), name.clone());
                        let label = name.clone();
                        let onchange = Callback::from(move |e: Event| {
                            let values = vec![(name.clone(), dom::value(&e).trim().to_string())];
                            page.act(Action::SetBehaviour { id, container: container.clone(), values });
                        });
                        html! { <label><code>{ label }</code><input class="field" value={value.clone()} {onchange} /></label> }
                    }) }
                </fieldset>
            }) }
        </details>
    }
}
