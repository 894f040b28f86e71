//! The canvas and what hands do on it: tap, drag, pinch, wheel, the menu. Its words are the tree beside it.

use super::super::dom;
use super::super::hooks::use_page;
use super::super::page::{Page, topic};
use super::super::scene::Scene;
use super::super::scene::touch::{Gesture, Hands, Point};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use yew::prelude::*;

/// Properties of [`Picture`].
#[derive(Properties)]
pub struct PictureProps {
    /// The canvas, for the painter.
    pub canvas: NodeRef,
    /// What is on it.
    pub scene: Rc<RefCell<Scene>>,
}

impl PartialEq for PictureProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.scene, &other.scene)
    }
}

/// The canvas.
#[component]
pub fn Picture(props: &PictureProps) -> Html {
    let page = use_page(topic::CHOICE);
    let hands = use_mut_ref(Hands::default);
    let big = page.magnified();
    let place = move |e: &MouseEvent| -> Point { (e.offset_x() as f64 / big, e.offset_y() as f64 / big) };
    let onpointerdown = {
        let hands = hands.clone();
        Callback::from(move |e: PointerEvent| {
            if e.button() != 0 {
                return;
            }
            if let Some(canvas) = e.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) {
                let _ = canvas.set_pointer_capture(e.pointer_id());
            }
            hands.borrow_mut().down(e.pointer_id(), place(&e));
        })
    };
    let onpointermove = {
        let (hands, page, scene) = (hands.clone(), page.clone(), props.scene.clone());
        Callback::from(move |e: PointerEvent| {
            let Some(gesture) = hands.borrow_mut().moved(e.pointer_id(), place(&e)) else { return };
            let mut scene = scene.borrow_mut();
            match gesture {
                Gesture::Pan((dx, dy)) => scene.pan(dx, dy),
                Gesture::Pinch { factor, around, by } => {
                    scene.zoom(factor, Some(around));
                    scene.pan(by.0, by.1);
                }
            }
            page.wake();
        })
    };
    let onpointerup = {
        let (hands, page, scene) = (hands.clone(), page.clone(), props.scene.clone());
        Callback::from(move |e: PointerEvent| {
            if !hands.borrow_mut().up(e.pointer_id()) {
                return;
            }
            let (x, y) = place(&e);
            let hit = scene.borrow().at(&page.view(), x, y);
            page.select(hit);
            if hit.is_some() {
                page.choose(|ui| ui.sheet = "answers");
            }
        })
    };
    let onwheel = {
        let (page, scene) = (page.clone(), props.scene.clone());
        Callback::from(move |e: WheelEvent| {
            if dom::owns_wheel() || e.ctrl_key() || e.meta_key() {
                wheel(&page, &mut scene.borrow_mut(), &e, place(&e));
            }
        })
    };
    let oncontextmenu = {
        let (page, scene) = (page.clone(), props.scene.clone());
        Callback::from(move |e: MouseEvent| menu(&page, &scene, &e, place(&e)))
    };
    let onpointercancel = Callback::from(move |e: PointerEvent| hands.borrow_mut().lost(e.pointer_id()));
    html! {
        <canvas ref={props.canvas.clone()} class="picture" aria-hidden="true" {onpointerdown} {onpointermove}
            {onpointerup} {onpointercancel} {onwheel} {oncontextmenu} />
    }
}

/// The wheel zooms around the pointer.
fn wheel(page: &Page, scene: &mut Scene, e: &WheelEvent, at: Point) {
    e.prevent_default();
    let factor = (-e.delta_y() * if e.delta_mode() == 0 { 0.0015 } else { 0.05 }).exp();
    scene.zoom(factor, Some(at));
    page.wake();
}

/// The menu of what lies under the pointer, or of the whole cluster.
fn menu(page: &Page, scene: &RefCell<Scene>, e: &MouseEvent, at: Point) {
    let hit = scene.borrow().at(&page.view(), at.0, at.1);
    e.prevent_default();
    if hit.is_some() {
        page.select(hit);
    }
    let place = (hit.unwrap_or(0), e.offset_x() as f64, e.offset_y() as f64);
    page.choose(|ui| ui.menu = Some(place));
}
