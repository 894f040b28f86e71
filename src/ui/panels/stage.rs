//! The stage: toolbar, canvas, its twin, rollout cards, legend, the frame of a replay.

use super::super::dom;
use super::super::examples;
use super::super::format;
use super::super::hooks::use_page;
use super::super::page::{Page, topic};
use super::super::scene::layout::Level;
use super::super::scene::paint::Frame;
use super::super::scene::palette::Palette;
use super::super::scene::{Scene, words};
use super::super::settings::SPEEDS;
use super::super::view::Changes;
use super::super::widgets::Icon;
use super::actions::ContextMenu;
use super::cards::Cards;
use super::duel::DuelButton;
use super::legend::{Legend, LegendStrip};
use super::loads::Loads;
use super::outline::Outline;
use super::picture::Picture;
use super::shortcuts::Wish;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ResizeObserver};
use yew::prelude::*;

/// Samples of requests are drawn up to this speed. Ours: faster ones only flicker.
const SAMPLES_SPEED_MAX: f64 = 10.0;

/// The region.
#[component]
pub fn Stage() -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    let scene = use_mut_ref(Scene::new);
    let canvas = use_node_ref();
    {
        let (page, scene, canvas) = (page.clone(), scene.clone(), canvas.clone());
        use_effect_with((), move |()| attach(page, scene, &canvas));
    }
    let (outline, legend, presenting) = {
        let ui = page.ui();
        let paper = ui.printing.is_some();
        (ui.outline || paper, ui.legend || paper, ui.presenting)
    };
    html! {
        <main class="stage" data-region="stage" aria-label={t.stage_label()}>
            <Toolbar />
            <div class="scene" data-outline={outline.to_string()}>
                <div class="twin">
                    <Summary />
                    <Outline />
                </div>
                <div class="sight">
                    <Picture {canvas} {scene} />
                    <Loads />
                    <Cards />
                    <ContextMenu />
                </div>
                if legend { <Legend /> }
            </div>
            if presenting { <LegendStrip /> } else { <TryLine /> }
        </main>
    }
}

/// What the scene is, in sentences; takes the focus of the stage's skip link.
#[component]
fn Summary() -> Html {
    let page = use_page(topic::ROWS | topic::CHOICE);
    html! {
        <p class="summary" id="stage" tabindex="-1">{ words::summary(&page.view(), page.texts(), page.language()) }</p>
    }
}

#[component]
fn Toolbar() -> Html {
    let page = use_page(topic::ROWS | topic::CHOICE | topic::CLOCK);
    let (t, language) = (page.texts(), page.language());
    let clock = page.view().clock.clone();
    let replay = clock.now < clock.newest;
    let (outline, legend, chosen, started) = {
        let ui = page.ui();
        (ui.outline, ui.legend, ui.selected.is_some(), page.view().started)
    };
    let count = if started { words::count(&page.view(), t, language) } else { t.engine_starting().to_string() };
    let wish = |w: Wish| {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| page.wish(w))
    };
    let levels = [Level::Fleet, Level::Nodes, Level::Pods, Level::OnePod];
    let here = page.level();
    let names = [t.level_fleet(), t.level_nodes(), t.level_pods(), t.level_pod()];
    let (o, l, flows) = (page.clone(), page.clone(), page.clone());
    let traffic = (page.ui().traffic, page.view().live.flows());
    let cluster = !page.view().kinds.nodes.is_empty() || page.view().kinds.docker.is_empty();
    html! {
        <div class="bar stage-bar" role="group" aria-label={t.stage_tools()}>
            <p class="count numbers" id="count">{ count }</p>
            if replay {
                <p class="viewing numbers">
                    { t.viewing(format::short_clock(clock.now), format::short_clock(clock.newest)) }</p>
            }
            <span class="spring" />
            <DuelButton />
            if traffic.1 {
                <button type="button" class="quiet as-traffic" aria-pressed={traffic.0.to_string()}
                    onclick={move |_| flows.choose(|ui| ui.traffic = !ui.traffic)}>
                    <Icon name="flow" /><span>{ t.traffic_toggle() }</span></button>
            }
            <button type="button" class="quiet as-outline" aria-pressed={outline.to_string()}
                onclick={move |_| o.choose(|ui| ui.outline = !ui.outline)}>
                <Icon name="list" /><span>{ t.outline_title() }</span></button>
            if cluster {
            <div class="levels" role="group" aria-label={t.level_label()}>
                { for levels.into_iter().zip(names).enumerate().map(|(i, (level, name))| html! {
                    <button type="button" class="quiet" title={name}
                        aria-label={format!("{} {name}", i + 1)} aria-pressed={(level == here).to_string()}
                        onclick={wish(Wish::Level(level))}>{ i + 1 }</button>
                }) }
            </div>
            }
            { for [("minus", t.zoom_out(), Wish::Zoom(0.8)), ("plus", t.zoom_in(), Wish::Zoom(1.25)), ("fit", t.zoom_fit(), Wish::Fit)]
                .into_iter().map(|(icon, words, act)| html! {
                    <button type="button" class={classes!("quiet", (icon != "fit").then_some("as-zoom"))}
                        aria-label={words} title={words} onclick={wish(act)}><Icon name={icon} /></button>
                }) }
            <button type="button" class="quiet as-centre" aria-label={t.key_centre()} title={t.key_centre()}
                disabled={!chosen} onclick={wish(Wish::Centre)}><Icon name="centre" /></button>
            <button type="button" class="quiet" aria-label={t.legend_title()} title={t.legend_title()}
                aria-expanded={legend.to_string()} onclick={move |_| l.choose(|ui| ui.legend = !ui.legend)}>
                    <Icon name="legend" /></button>
        </div>
    }
}

/// What to try, until it was done.
#[component]
fn TryLine() -> Html {
    let page = use_page(topic::CHOICE);
    let (t, language) = (page.texts(), page.language());
    let tip = {
        let ui = page.ui();
        let example = ui.example.as_deref().and_then(examples::find).filter(|_| !ui.tried);
        example.map(|e| e.tip(language))
    };
    let close = page.clone();
    html! {
        if let Some(tip) = tip {
            <p class="try"><b>{ t.try_title() }</b><span>{ tip }</span>
                <button type="button" class="quiet" aria-label={t.close()}
                    onclick={move |_| close.choose(|ui| ui.tried = true)}><Icon name="close" /></button></p>
        }
    }
}

/// Gives the page what draws, and draws again when size or theme change.
fn attach(page: Page, scene: Rc<RefCell<Scene>>, canvas: &NodeRef) -> impl FnOnce() + use<> {
    let Some(canvas) = canvas.cast::<HtmlCanvasElement>() else { return Box::new(|| ()) as Box<dyn FnOnce()> };
    let context = canvas.get_context("2d").ok().flatten().and_then(|c| c.dyn_into::<CanvasRenderingContext2d>().ok());
    let Some(context) = context else { return Box::new(|| ()) };
    let palette = Rc::new(RefCell::new(Palette::read()));
    let theme = Rc::new(Cell::new(page.ui().settings.theme));
    let painter = {
        let (page, scene, canvas, palette) = (page.clone(), scene.clone(), canvas.clone(), palette.clone());
        move |at: f64| paint(&page, &mut scene.borrow_mut(), &canvas, &context, &palette, &theme, at)
    };
    let changed = {
        let (page, scene) = (page.clone(), scene.clone());
        move |changes: &Changes| {
            let fast = SPEEDS[page.ui().speed] > 10.0;
            scene.borrow_mut().changed(changes, super::super::page::now_ms(), fast || dom::reduced_motion());
        }
    };
    let wisher = {
        let (page, scene) = (page.clone(), scene.clone());
        move |wish: Wish| wished(&page, &mut scene.borrow_mut(), wish)
    };
    page.set_painter(Some(Rc::new(painter)), Some(Rc::new(changed)), Some(Rc::new(wisher)));
    let (on, pal) = (page.clone(), palette.clone());
    let again: Closure<dyn FnMut()> = Closure::new(move || {
        *pal.borrow_mut() = Palette::read();
        on.measure_text();
        on.wake();
    });
    let observer = ResizeObserver::new(again.as_ref().unchecked_ref()).ok();
    if let Some(observer) = &observer {
        observer.observe(&canvas);
    }
    for query in ["(prefers-color-scheme: dark)", "(forced-colors: active)"] {
        let list = web_sys::window().and_then(|w| w.match_media(query).ok().flatten());
        if let Some(list) = list {
            let _ = list.add_event_listener_with_callback("change", again.as_ref().unchecked_ref());
            std::mem::forget(list);
        }
    }
    Box::new(move || {
        if let Some(observer) = observer {
            observer.disconnect();
        }
        page.set_painter(None, None, None);
        drop(again);
    })
}

fn wished(page: &Page, scene: &mut Scene, wish: Wish) {
    let selected = page.ui().selected.and_then(|id| scene.rect_of(&page.view(), id));
    match wish {
        Wish::Zoom(by) => scene.zoom(by, None),
        Wish::Fit => scene.fit(),
        Wish::Centre => {
            if let Some(r) = selected {
                scene.centre(&r);
            }
        }
        Wish::Level(level) => scene.go_level(level, selected),
        Wish::Pan(dx, dy) => scene.pan(dx, dy),
    }
}

fn paint(
    page: &Page,
    scene: &mut Scene,
    canvas: &HtmlCanvasElement,
    context: &CanvasRenderingContext2d,
    palette: &RefCell<Palette>,
    theme: &Cell<super::super::settings::Theme>,
    at: f64,
) -> bool {
    let (w, h) = (canvas.client_width() as f64, canvas.client_height() as f64);
    if w < 1.0 || h < 1.0 {
        return false;
    }
    // Before an audience everything on the canvas is larger alike: it is drawn as a smaller stage on a finer screen.
    let big = page.magnified();
    let ratio = web_sys::window().map_or(1.0, |w| w.device_pixel_ratio());
    let (pw, ph) = ((w * ratio).round() as u32, (h * ratio).round() as u32);
    if (canvas.width(), canvas.height()) != (pw, ph) {
        canvas.set_width(pw);
        canvas.set_height(ph);
    }
    let (view, ui) = (page.view(), page.ui());
    if theme.replace(ui.settings.theme) != ui.settings.theme {
        *palette.borrow_mut() = Palette::read();
    }
    let still = !ui.playing || view.clock.seeking.is_some();
    let waits = scene.arrange(&view, (w / big, h / big), at, still);
    let t = page.texts();
    let waiting = t.waiting_strip(format::whole(view.waiting.len() as u64, ui.settings.language));
    let frame = Frame {
        view: &view,
        p: &palette.borrow(),
        language: ui.settings.language,
        selected: ui.selected,
        still: dom::reduced_motion(),
        at,
        waiting_label: &waiting,
        fleet_label: t.fleet_scale(),
        services_label: t.services_title(),
        host_label: t.docker_host(),
        no_project_label: t.docker_no_project(),
        load_label: t.loads_title(),
        traffic: ui.traffic,
        flowing: SPEEDS[ui.speed] <= SAMPLES_SPEED_MAX && view.clock.seeking.is_none(),
        playing: ui.playing,
        presenting: ui.presenting,
        ratio: ratio * big,
    };
    let more = scene.paint(context, &frame);
    page.note_level(scene.level());
    more || waits
}
