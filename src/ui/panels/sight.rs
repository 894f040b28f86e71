//! A container's state as a small drawing in lists: the shapes of the stage, round where pods are square.

use super::super::docker::Sight;
use yew::prelude::*;

/// Properties of [`SightMark`].
#[derive(Properties, PartialEq)]
pub struct SightMarkProps {
    /// How it looks.
    pub sight: Sight,
}

/// The drawing.
#[component]
pub fn SightMark(props: &SightMarkProps) -> Html {
    let disc = || html! { <circle cx="8" cy="8" r="5.5" /> };
    let ring = || html! { <circle cx="8" cy="8" r="5.5" fill="none" /> };
    let (class, inside) = match props.sight {
        Sight::Created => ("wait", html! { <circle cx="8" cy="8" r="5.5" fill="none" stroke-dasharray="2 2" /> }),
        Sight::NotStarted => ("bad", html! { <>{ ring() }<path fill="none" d="M8 5v3.5M8 10.9v.1" /></> }),
        Sight::Running => ("ok", disc()),
        Sight::Starting => ("ok", html! { <>{ ring() }<path d="M8 2.5a5.5 5.5 0 0 1 0 11z" stroke="none" /></> }),
        Sight::Healthy => ("ok", html! { <>{ disc() }<path class="cut" fill="none" d="M5.4 8.2l1.9 1.9 3.3-4" /></> }),
        Sight::Unhealthy => ("bad", html! { <>{ disc() }<path class="cut" fill="none" d="M8 4.8v3.9M8 10.9v.1" /></> }),
        Sight::Paused => ("stop", html! { <>{ ring() }<path fill="none" d="M6.5 5.8v4.4M9.5 5.8v4.4" /></> }),
        Sight::Restarting => {
            ("bad", html! { <>{ disc() }<path class="cut" fill="none" d="M10.5 6.5a3 3 0 1 0 .3 2.5" /></> })
        }
        Sight::Stopped => ("stop", html! { <>{ ring() }<rect x="6" y="6" width="4" height="4" stroke="none" /></> }),
        Sight::Failed => ("bad", html! { <>{ disc() }<path class="cut" d="M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4" /></> }),
        Sight::Removing => ("stop", html! { <>{ disc() }<path class="cut" d="M5.5 8h5" /></> }),
    };
    html! {
        <svg class={classes!("look", class)} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"
            focusable="false">{ inside }</svg>
    }
}
