//! How components reach the page.

use super::page::Page;
use yew::prelude::*;

/// The page, and being drawn again when one of the topics stirs.
#[hook]
pub fn use_page(topics: u8) -> Page {
    #[expect(clippy::expect_used, reason = "the root provides it; a page without one cannot be drawn at all")]
    let page = use_context::<Page>().expect("the page");
    let wake = use_force_update();
    let drawn = page.stirs();
    use_effect_with((page.clone(), topics), move |(page, topics)| {
        let again = wake.clone();
        let id = page.listen(*topics, Callback::from(move |()| again.force_update()));
        // What stirred after it was drawn and before it listened would not be seen.
        if page.stirs() != drawn {
            wake.force_update();
        }
        let page = page.clone();
        move || page.deafen(id)
    });
    page
}
