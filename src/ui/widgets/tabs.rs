//! A list of tabs: one Tab stop, arrows move, as the pattern of the ARIA authoring guide has it.

use super::super::dom;
use web_sys::{ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

/// One tab.
#[derive(Clone, PartialEq)]
pub struct TabItem {
    /// Its name; also the end of its id.
    pub key: AttrValue,
    /// The words.
    pub label: AttrValue,
    /// A number behind the words, such as how many events.
    pub count: Option<usize>,
}

/// Properties of [`Tabs`].
#[derive(Properties, PartialEq)]
pub struct TabsProps {
    /// Start of all ids: `{id}-{key}` is the tab, `{id}-panel` what it opens.
    pub id: AttrValue,
    /// The id of what it opens, where that has another one.
    #[prop_or_default]
    pub panel: Option<AttrValue>,
    /// What the list is.
    pub label: AttrValue,
    /// The tabs.
    pub items: Vec<TabItem>,
    /// Key of the chosen one.
    pub chosen: AttrValue,
    /// Says which was chosen.
    pub choose: Callback<AttrValue>,
}

/// The list.
#[component]
pub fn Tabs(props: &TabsProps) -> Html {
    let onkeydown = {
        let (id, items) = (props.id.clone(), props.items.clone());
        let (chosen, choose) = (props.chosen.clone(), props.choose.clone());
        Callback::from(move |e: KeyboardEvent| {
            let at = items.iter().position(|i| i.key == chosen).unwrap_or(0);
            let last = items.len().saturating_sub(1);
            let to = match e.key().as_str() {
                "ArrowRight" => (at + 1) % items.len().max(1),
                "ArrowLeft" => at.checked_sub(1).unwrap_or(last),
                "Home" => 0,
                "End" => last,
                _ => return,
            };
            e.prevent_default();
            e.stop_propagation();
            choose.emit(items[to].key.clone());
            dom::focus(&format!("{id}-{}", items[to].key));
        })
    };
    let (first, start) = (use_mut_ref(|| true), props.id.clone());
    use_effect_with(props.chosen.clone(), move |chosen| {
        let options = ScrollIntoViewOptions::new();
        options.set_block(ScrollLogicalPosition::Nearest);
        options.set_inline(ScrollLogicalPosition::Nearest);
        if !first.replace(false)
            && let Some(tab) = dom::by_id(&format!("{start}-{chosen}"))
        {
            tab.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
    html! {
        <div class="tabs" role="tablist" aria-label={props.label.clone()} {onkeydown}>
            { for props.items.iter().map(|item| {
                let on = item.key == props.chosen;
                let (choose, key) = (props.choose.clone(), item.key.clone());
                html! {
                    <button type="button" role="tab" key={item.key.to_string()} id={format!("{}-{}", props.id, item.key)}
                        aria-selected={on.to_string()} tabindex={if on { "0" } else { "-1" }}
                        aria-controls={props.panel.clone().unwrap_or_else(|| format!("{}-panel", props.id).into())}
                        onclick={Callback::from(move |_| choose.emit(key.clone()))}>
                        { item.label.clone() }
                        if let Some(count) = item.count.filter(|c| *c > 0) {
                            <span class="badge">{ count }</span>
                        }
                    </button>
                }
            }) }
        </div>
    }
}
