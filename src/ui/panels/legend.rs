//! What the shapes mean, drawn by the code of the stage: all of it on demand, or, before an audience, what is on the stage now.

use super::super::hooks::use_page;
use super::super::page::topic;
use super::super::scene::layout::Rect;
use super::super::scene::palette::Palette;
use super::super::scene::pods::{self, PodShape};
use super::super::scene::tree;
use super::super::texts::Texts;
use super::super::view::LOOKS;
use super::super::widgets::Icon;
use super::docker::DockerLegend;
use crate::session::Look;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};
use yew::prelude::*;

/// Side of a sample, in pixels at the usual size of text. Ours: that of a pod among others.
const SAMPLE: f64 = 28.0;

fn state(look: Look, t: Texts) -> Html {
    html! {
        <li key={look as u32}><Sample shape={PodShape { look, progress: Some(0.4), ..PodShape::default() }} />
            <span>{ tree::look_name(look, t) }</span></li>
    }
}

/// All states.
#[component]
pub fn Legend() -> Html {
    let page = use_page(topic::CHOICE);
    let t = page.texts();
    let close = page.clone();
    html! {
        <section class="legend" aria-label={t.legend_title()}>
            <header class="bar"><h2>{ t.legend_title() }</h2><span class="spring" />
                <button type="button" class="quiet" aria-label={t.close()}
                    onclick={move |_| close.choose(|ui| ui.legend = false)}><Icon name="close" /></button></header>
            <ul>
                { for LOOKS.into_iter().map(|look| state(look, t)) }
                <li><Sample shape={PodShape { look: Look::Creating, stuck: true, ..PodShape::default() }} />
                    <span>{ "ImagePullBackOff" }</span></li>
                <li><Sample shape={PodShape { look: Look::Ready, new: Some(2), ..PodShape::default() }} />
                    <span>{ t.legend_new() }</span></li>
                <li><Sample shape={PodShape { look: Look::Ready, restarts: 2, ..PodShape::default() }} />
                    <span>{ t.legend_restarts() }</span></li>
                <li><Sample shape={PodShape { look: Look::NotReady, failing: 1, ..PodShape::default() }} />
                    <span>{ t.legend_probe() }</span></li>
            </ul>
            <DockerLegend />
            <p>{ t.legend_bars() }</p>
            <p>{ t.legend_nodes() }</p>
            <p>{ t.legend_heat() }{ " " }<span class="heat">{ "0\u{a0}%" }
                { for (0..6).map(|i| html! { <i key={i} style={format!("background: var(--heat-{i})")} /> }) }
                { "100\u{a0}%" }</span></p>
            <p>{ t.legend_flows() }</p>
        </section>
    }
}

/// The states that are on the stage just now, with their counts: one line that an audience can read.
#[component]
pub fn LegendStrip() -> Html {
    let page = use_page(topic::ROWS | topic::CHOICE);
    let t = page.texts();
    let there: Vec<Look> = {
        let view = page.view();
        LOOKS.into_iter().filter(|look| view.of(*look) > 0).collect()
    };
    html! {
        <ul class="legend-strip" aria-label={t.legend_title()}>{ for there.into_iter().map(|look| state(look, t)) }</ul>
    }
}

#[derive(Properties, PartialEq)]
struct SampleProps {
    shape: PodShape,
}

#[component]
fn Sample(props: &SampleProps) -> Html {
    let page = use_page(topic::CHOICE);
    let (canvas, theme, big) = (use_node_ref(), page.ui().settings.theme, page.magnified());
    {
        let canvas = canvas.clone();
        use_effect_with((props.shape.clone(), theme as u8, big.to_bits()), move |(shape, _, _)| {
            let Some(canvas) = canvas.cast::<HtmlCanvasElement>() else { return };
            let ratio = big * web_sys::window().map_or(1.0, |w| w.device_pixel_ratio());
            canvas.set_width((SAMPLE * ratio) as u32);
            canvas.set_height((SAMPLE * ratio) as u32);
            let context = canvas.get_context("2d").ok().flatten();
            if let Some(context) = context.and_then(|c| c.dyn_into::<CanvasRenderingContext2d>().ok()) {
                let _ = context.scale(ratio, ratio);
                pods::pod(&context, &Palette::read(), &Rect { x: 2.0, y: 2.0, w: 24.0, h: 24.0 }, shape, false);
            }
        });
    }
    html! { <canvas ref={canvas} class="sample" aria-hidden="true" /> }
}
