//! The app's root component.

use super::link::Engine;
use yew::prelude::*;

/// Starts the engine and shows that it answers.
#[component]
pub fn App() -> Html {
    let state = use_state(|| "…".to_string());
    let (said, fell) = (state.setter(), state.setter());
    use_memo((), move |()| {
        let engine = Engine::spawn(
            Callback::from(move |bytes: Vec<u8>| said.set(format!("{} bytes", bytes.len()))),
            Callback::from(move |why: String| fell.set(why)),
        );
        engine.send(crate::session::wire::command(&crate::session::Command::Refresh));
        engine
    });
    html! {
        <main>
            <h1>{ "Orchestrion" }</h1>
            <output>{ (*state).clone() }</output>
        </main>
    }
}
