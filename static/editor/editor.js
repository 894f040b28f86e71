// The file editor: CodeMirror with YAML, our gutter and our diagnostics, behind a few functions. Bundled into one module
// (`./dev editor`) that the page imports when somebody opens a file. It asks for nothing and knows nothing of the engine.
//
//   const editor = mount(parent, { doc, label, onChange, onHint, diagnostics, marks, words, most, onTooLong })
//   editor.setDoc(text, file)  .setLabel(words)  .setDiagnostics([...])  .setMarks([...])  .goto(line, col)  .focus()  .destroy()
//
// A diagnostic is { line, col, error, message, hint }; a mark is { line, class, title }, its class one of s (simulated),
// a (accepted), r (rejected), d (differs). Lines and columns count from 1. `words` are the texts the editor speaks.
// What is set from outside, or another file, begins a history of its own: undo never brings one file's text into another.
// What would make the text longer than `most` characters is refused whole. `onHint(line)` is asked for by Ctrl+.

import { defaultKeymap, history, historyKeymap, indentLess, indentMore, redo } from "@codemirror/commands";
import { yamlLanguage } from "@codemirror/lang-yaml";
import { bracketMatching, defaultHighlightStyle, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { forEachDiagnostic, lintGutter, nextDiagnostic, previousDiagnostic, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, RangeSet, StateEffect, StateField } from "@codemirror/state";
import {
  drawSelection, EditorView, gutter, GutterMarker, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers,
} from "@codemirror/view";

const SIGNS = { s: "●", a: "○", r: "✕", d: "▲" };

class Mark extends GutterMarker {
  constructor(kind, title) {
    super();
    this.kind = kind;
    this.title = title;
  }
  eq(other) {
    return this.kind === other.kind && this.title === other.title;
  }
  toDOM() {
    const sign = document.createElement("span");
    sign.className = `mark mark-${this.kind}`;
    sign.textContent = SIGNS[this.kind] ?? "";
    sign.title = this.title;
    return sign;
  }
}

const newMarks = StateEffect.define();
const markField = StateField.define({
  create: () => RangeSet.empty,
  update(marks, transaction) {
    const moved = marks.map(transaction.changes);
    return transaction.effects.reduce((all, effect) => (effect.is(newMarks) ? effect.value : all), moved);
  },
});

const lineAt = (state, line) => state.doc.line(Math.max(1, Math.min(line, state.doc.lines)));

function markSet(state, marks) {
  const ranges = marks.filter((mark) => mark.line >= 1 && mark.line <= state.doc.lines)
    .map((mark) => new Mark(mark.class, mark.title ?? "").range(lineAt(state, mark.line).from));
  return RangeSet.of(ranges, true);
}

// A diagnostic covers the word it points at, or the rest of its line.
function diagnosticRange(state, { line, col, error, message, hint }) {
  const place = lineAt(state, line);
  const from = Math.min(place.from + Math.max(0, (col ?? 1) - 1), place.to);
  const word = state.doc.sliceString(from, place.to).match(/^[^\s:,\]}]+/);
  const to = word ? from + word[0].length : place.to;
  return { from, to, severity: error === false ? "warning" : "error", message: hint ? `${message}\n${hint}` : message };
}

// Colours lean towards the page's own ink, so that they follow its theme and keep their contrast.
const ink = (color) => `color-mix(in srgb, ${color} 45%, currentColor)`;
const look = HighlightStyle.define(defaultHighlightStyle.specs.map((spec) => (spec.color ? { ...spec, color: ink(spec.color) } : spec)));

const theme = EditorView.theme({
  "&": { height: "100%", color: "inherit", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "inherit", lineHeight: "1.5" },
  ".cm-gutters": { color: "inherit", backgroundColor: "transparent", border: "none" },
  ".cm-cursor": { borderLeftColor: "currentColor" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, currentColor 7%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, Highlight 35%, transparent)",
  },
  ".cm-marks": { width: "1.4em", textAlign: "center" },
  ".cm-tooltip": { color: "CanvasText", backgroundColor: "Canvas", border: "1px solid currentColor" },
  ".cm-diagnosticText": { whiteSpace: "pre-wrap" },
});

export function mount(parent, {
  doc = "", label = "", onChange, onApply, onHint, onTooLong, most = Infinity, diagnostics = [], marks = [], words = {}, readOnly = false,
} = {}) {
  const [tab, past, name] = [new Compartment(), new Compartment(), new Compartment()];
  const named = (words) => EditorView.contentAttributes.of({ "aria-label": words });
  let [file, spoken] = [undefined, label];
  let indenting = false;
  const setIndenting = (view, on) => {
    indenting = on;
    view.dispatch({ effects: tab.reconfigure(on ? keymap.of([{ key: "Tab", run: indentMore, shift: indentLess }]) : []) });
    parent.toggleAttribute("data-tab-indents", on);
    return true;
  };
  const keys = [
    { key: "Ctrl-m", run: (view) => setIndenting(view, !indenting) },
    { key: "Alt-ArrowDown", run: nextDiagnostic },
    { key: "Alt-ArrowUp", run: previousDiagnostic },
    { key: "Mod-Enter", run: () => (onApply?.(), Boolean(onApply)) },
    { key: "Ctrl-.", run: (v) => (onHint?.(v.state.doc.lineAt(v.state.selection.main.head).number), true) },
    { key: "Mod-Shift-z", run: redo },
  ];
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc,
      extensions: [
        tab.of([]), keymap.of([...keys, ...defaultKeymap.filter((key) => key.key !== "Ctrl-m"), ...historyKeymap]),
        markField, lineNumbers(), gutter({ class: "cm-marks", markers: (v) => v.state.field(markField) }), lintGutter(),
        past.of(history()), drawSelection(), highlightActiveLine(), highlightActiveLineGutter(), bracketMatching(), indentOnInput(),
        yamlLanguage, syntaxHighlighting(look), theme, EditorState.phrases.of(words), EditorState.readOnly.of(readOnly),
        name.of(named(label)),
        EditorView.contentAttributes.of({ tabindex: "0", spellcheck: "false", autocapitalize: "off" }),
        EditorState.transactionFilter.of((t) => {
          if (!t.docChanged || t.isUserEvent("set") || t.newDoc.length <= most) return t;
          onTooLong?.(t.newDoc.length);
          return [];
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !update.transactions.some((t) => t.isUserEvent("set"))) {
            onChange?.(update.state.doc.toString());
          }
        }),
        EditorView.domEventHandlers({ blur: (_, v) => { if (indenting) setIndenting(v, false); } }),
      ],
    }),
  });
  const editor = {
    setDoc(text, of = file) {
      const same = text === view.state.doc.toString();
      if (same && of === file) return;
      file = of;
      const changes = same ? [] : { from: 0, to: view.state.doc.length, insert: text };
      view.dispatch({ changes, userEvent: "set", effects: past.reconfigure([]) });
      view.dispatch({ effects: past.reconfigure(history()) });
    },
    setLabel(words) {
      if (words === spoken) return;
      spoken = words;
      view.dispatch({ effects: name.reconfigure(named(words)) });
    },
    setDiagnostics(list) {
      view.dispatch(setDiagnostics(view.state, list.map((one) => diagnosticRange(view.state, one))));
    },
    setMarks(list) {
      view.dispatch({ effects: newMarks.of(markSet(view.state, list)) });
    },
    goto(line, col = 1) {
      const place = lineAt(view.state, line);
      const anchor = Math.min(place.from + Math.max(0, col - 1), place.to);
      view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
      view.focus();
    },
    problems() {
      let count = 0;
      forEachDiagnostic(view.state, () => (count += 1));
      return count;
    },
    text: () => view.state.doc.toString(),
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
  editor.setDiagnostics(diagnostics);
  editor.setMarks(marks);
  return editor;
}
