//! Icons: drawn here on a grid of 24 with round caps; always beside a word, except the play controls, which have names.

use yew::prelude::*;

/// What to draw.
#[derive(Properties, PartialEq)]
pub struct IconProps {
    /// Its name in the table below.
    pub name: AttrValue,
}

fn path(name: &str) -> &'static str {
    match name {
        "play" => "M8 5.5v13l10.5-6.5z",
        "pause" => "M8 5.5v13M16 5.5v13",
        "start" => "M6 5.5v13M18 5.5v13L9 12z",
        "newest" => "M18 5.5v13M6 5.5v13L15 12z",
        "back" => "M15 6l-6 6 6 6",
        "on" => "M9 6l6 6-6 6",
        "down" => "M6 9.5l6 6 6-6",
        "up" => "M6 14.5l6-6 6 6",
        "close" => "M6 6l12 12M18 6L6 18",
        "plus" => "M12 5v14M5 12h14",
        "minus" => "M5 12h14",
        "fit" => "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
        "centre" => "M12 3.5v4M12 16.5v4M3.5 12h4M16.5 12h4M12 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
        "flow" => "M3.5 7.5h9M9.5 4.5l3 3-3 3M11 16.5h9M17 13.5l3 3-3 3",
        "legend" => "M4.5 4.5h5.5v5.5H4.5zM4.5 14h5.5v5.5H4.5zM13.5 7.2h6M13.5 16.7h6",
        "find" => "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20 20",
        "help" => "M9 9a3 3 0 1 1 4.2 2.8c-.8.4-1.2 1-1.2 2.2M12 17.5v.1",
        "present" => "M4 5h16v10H4zM12 15v4M8.5 19.5h7",
        "size" => "M3 18L8.5 5 14 18M5 14h7M14 18l3.5-8 3.5 8M15.3 15.5h4.4",
        "theme" => "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
        "bookmark" => "M7 4.5h10v15l-5-4-5 4z",
        "file" => "M6 3.5h8l4 4v13H6zM14 3.5v4h4",
        "why" => "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM9.8 9.6a2.3 2.3 0 1 1 3.2 2.1c-.7.3-1 .8-1 1.6M12 16v.1",
        "list" => "M5 7h14M5 12h14M5 17h9",
        "terminal" => "M4 5.5h16v13H4zM7.5 9.5l3 2.5-3 2.5M12.5 15h4",
        "clock" => "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 7.5V12l3 2",
        "problem" => "M12 4.5l8.5 15h-17zM12 10v4M12 16.7v.1",
        "open" => "M4 18.5v-13h6l2 2.5h8v10.5z",
        "save" => "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 19.5h14",
        "actions" => "M13 3.5L5 13.5h6l-1 7 8-10h-6z",
        "undo" => "M8 5L4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-3",
        "branch" => "M7 4v16M7 10h6a4 4 0 0 0 4-4V4",
        "rename" => "M5 19l1-4L16 5l3 3L9 18z",
        _ => "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z",
    }
}

/// One icon in the colour of the text around it.
#[component]
pub fn Icon(props: &IconProps) -> Html {
    let solid = matches!(props.name.as_str(), "play").then_some("currentColor").unwrap_or("none");
    html! {
        <svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill={solid} stroke="currentColor" stroke-width="1.75"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
            <path d={path(&props.name)} />
        </svg>
    }
}
