//! A separator that changes a panel's size: by drag, by arrow keys, by a click (the default, or wide).

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// Pixels a key press. Ours.
const STEP: i32 = 16;

/// A pointer that moved less than this clicked. Ours: a finger is never quite still.
const STILL: f64 = 4.0;

/// Properties of [`Grip`].
#[derive(Properties, PartialEq)]
pub struct GripProps {
    /// Which panel: `text`, `answers` or `dock`.
    pub of: AttrValue,
    /// Its name for those who cannot see it.
    pub label: AttrValue,
    /// Size now.
    pub size: u32,
    /// Smallest, default, largest.
    pub bounds: (u32, u32, u32),
    /// Whether a drag towards the start makes the panel larger.
    pub flipped: bool,
    /// Says the new size.
    pub set: Callback<u32>,
}

/// The separator.
#[component]
pub fn Grip(props: &GripProps) -> Html {
    let start = use_mut_ref(|| None::<(f64, u32)>);
    let upright = props.of == "dock";
    let (least, usual, most) = props.bounds;
    let clamp = move |size: f64| size.round().clamp(least as f64, most as f64) as u32;
    let place = move |e: &PointerEvent| if upright { e.client_y() as f64 } else { e.client_x() as f64 };
    let sign = if props.flipped { -1.0 } else { 1.0 };
    let onpointerdown = {
        let (start, size) = (start.clone(), props.size);
        Callback::from(move |e: PointerEvent| {
            if let Some(grip) = e.target().and_then(|t| t.dyn_into::<Element>().ok()) {
                let _ = grip.set_pointer_capture(e.pointer_id());
                if let Some(grip) = grip.dyn_ref::<HtmlElement>() {
                    let _ = grip.focus();
                }
            }
            *start.borrow_mut() = Some((place(&e), size));
            e.prevent_default();
        })
    };
    let onpointermove = {
        let (start, set) = (start.clone(), props.set.clone());
        Callback::from(move |e: PointerEvent| {
            if let Some((from, size)) = *start.borrow() {
                set.emit(clamp(size as f64 + sign * (place(&e) - from)));
            }
        })
    };
    let onpointerup = {
        let (start, set) = (start.clone(), props.set.clone());
        Callback::from(move |e: PointerEvent| {
            let Some((from, size)) = start.borrow_mut().take() else { return };
            if (place(&e) - from).abs() < STILL {
                set.emit(if size == usual { (usual + most) / 2 } else { usual });
            }
        })
    };
    let onpointercancel = Callback::from(move |_: PointerEvent| *start.borrow_mut() = None);
    let onkeydown = {
        let (set, size) = (props.set.clone(), props.size);
        Callback::from(move |e: KeyboardEvent| {
            let by = match e.key().as_str() {
                "ArrowRight" | "ArrowDown" => STEP,
                "ArrowLeft" | "ArrowUp" => -STEP,
                "Home" => return set.emit(least),
                "End" => return set.emit(most),
                _ => return,
            };
            e.prevent_default();
            e.stop_propagation();
            set.emit(clamp(size as f64 + sign * by as f64));
        })
    };
    html! {
        <div class="grip" role="separator" tabindex="0" data-of={props.of.clone()} aria-label={props.label.clone()}
            aria-orientation={if upright { "horizontal" } else { "vertical" }} aria-valuenow={props.size.to_string()}
            aria-valuemin={least.to_string()} aria-valuemax={most.to_string()}
            {onpointerdown} {onpointermove} {onpointerup} {onpointercancel} {onkeydown} />
    }
}
