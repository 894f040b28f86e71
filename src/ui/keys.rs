//! Which key does what. One table, so that the help (`H`) and the page cannot disagree.

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is explained by its line in the table and its text `key.*`")]
pub enum Ask {
    NextRegion,
    LastRegion,
    Find,
    Keys,
    Close,
    Apply,
    Open,
    SaveFile,
    Files,
    Stage,
    Inspector,
    Terminal,
    TimeBar,
    Events,
    Outline,
    Presenter,
    Duel,
    Difference,
    Play,
    LastEvent,
    NextEvent,
    Back,
    On,
    Bookmark,
    LastBookmark,
    NextBookmark,
    Slower,
    Faster,
    Newest,
    ZoomIn,
    ZoomOut,
    Fit,
    Level(u8),
    Centre,
    Why,
    Actions,
    Traffic,
    NextTrouble,
    LastTrouble,
    Kill,
}

/// A group of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Anywhere.
    Anywhere,
    /// To a region.
    GoTo,
    /// Time.
    Time,
    /// Stage and outline.
    Stage,
}

/// One line of the table: the keys as `KeyboardEvent.key` names them, the keys as they are shown, what they ask for.
pub struct Key {
    /// Matched names, `Ctrl+` or `Shift+` in front.
    pub on: &'static [&'static str],
    /// Shown.
    pub shown: &'static str,
    /// What.
    pub ask: Ask,
    /// Where it is listed.
    pub group: Group,
}

const fn key(on: &'static [&'static str], shown: &'static str, ask: Ask, group: Group) -> Key {
    Key { on, shown, ask, group }
}

/// All keys. Letters are those of `key`, so every keyboard layout works; none of Y, Z, brackets or dead keys is used.
pub const KEYS: &[Key] = &[
    key(&["F6"], "F6", Ask::NextRegion, Group::Anywhere),
    key(&["Shift+F6"], "Shift F6", Ask::LastRegion, Group::Anywhere),
    key(&["Ctrl+k", "g"], "Ctrl K · G", Ask::Find, Group::Anywhere),
    key(&["h", "?"], "H · ?", Ask::Keys, Group::Anywhere),
    key(&["Escape"], "Esc", Ask::Close, Group::Anywhere),
    key(&["Ctrl+Enter"], "Ctrl Enter", Ask::Apply, Group::Anywhere),
    key(&["Ctrl+o"], "Ctrl O", Ask::Open, Group::Anywhere),
    key(&["Ctrl+s"], "Ctrl S", Ask::SaveFile, Group::Anywhere),
    key(&["Ctrl+d"], "Ctrl D", Ask::Difference, Group::Anywhere),
    key(&["f"], "F", Ask::Files, Group::GoTo),
    key(&["s"], "S", Ask::Stage, Group::GoTo),
    key(&["i"], "I", Ask::Inspector, Group::GoTo),
    key(&["t"], "T", Ask::Terminal, Group::GoTo),
    key(&["b"], "B", Ask::TimeBar, Group::GoTo),
    key(&["e"], "E", Ask::Events, Group::GoTo),
    key(&["o"], "O", Ask::Outline, Group::GoTo),
    key(&["d"], "D", Ask::Duel, Group::GoTo),
    key(&["q"], "Q", Ask::Presenter, Group::GoTo),
    key(&[" ", "k"], "Space · K", Ask::Play, Group::Time),
    key(&[","], ",", Ask::LastEvent, Group::Time),
    key(&["."], ".", Ask::NextEvent, Group::Time),
    key(&["j"], "J · Shift J", Ask::Back, Group::Time),
    key(&["l"], "L · Shift L", Ask::On, Group::Time),
    key(&["m"], "M", Ask::Bookmark, Group::Time),
    key(&["p", "PageUp"], "P · PageUp", Ask::LastBookmark, Group::Time),
    key(&["n", "PageDown"], "N · PageDown", Ask::NextBookmark, Group::Time),
    key(&["<"], "<", Ask::Slower, Group::Time),
    key(&[">"], ">", Ask::Faster, Group::Time),
    key(&["r"], "R", Ask::Newest, Group::Time),
    key(&["+", "="], "+", Ask::ZoomIn, Group::Stage),
    key(&["-"], "-", Ask::ZoomOut, Group::Stage),
    key(&["0"], "0", Ask::Fit, Group::Stage),
    key(&["1"], "1", Ask::Level(1), Group::Stage),
    key(&["2"], "2", Ask::Level(2), Group::Stage),
    key(&["3"], "3", Ask::Level(3), Group::Stage),
    key(&["4"], "4", Ask::Level(4), Group::Stage),
    key(&["c"], "C", Ask::Centre, Group::Stage),
    key(&["w"], "W", Ask::Why, Group::Stage),
    key(&["a", "Shift+F10", "ContextMenu"], "A · Shift F10", Ask::Actions, Group::Stage),
    key(&["v"], "V", Ask::Traffic, Group::Stage),
    key(&["x"], "X", Ask::NextTrouble, Group::Stage),
    key(&["Shift+x"], "Shift X", Ask::LastTrouble, Group::Stage),
    key(&["Delete"], "Del", Ask::Kill, Group::Stage),
];

/// A pressed key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pressed<'k> {
    /// Its name.
    pub key: &'k str,
    /// Control or command.
    pub ctrl: bool,
    /// Shift.
    pub shift: bool,
    /// Alt.
    pub alt: bool,
}

/// What a key asks for, and whether it is a single key (one that acts only outside of texts and can be switched off).
pub fn find(pressed: Pressed) -> Option<(Ask, bool)> {
    // Control and shift together belong to the browser and to texts.
    if pressed.ctrl && pressed.shift {
        return None;
    }
    let lower = pressed.key.to_lowercase();
    let letter = pressed.key.chars().count() == 1 && pressed.key.chars().all(char::is_alphabetic);
    let mut name = if letter { lower } else { pressed.key.to_string() };
    if pressed.ctrl {
        name.insert_str(0, "Ctrl+");
    } else if pressed.shift && (!letter && pressed.key.len() > 1 || name == "x") {
        name.insert_str(0, "Shift+");
    }
    let single =
        !pressed.ctrl && (pressed.key.chars().count() == 1 || ["Delete", "PageUp", "PageDown"].contains(&pressed.key));
    KEYS.iter().find(|k| k.on.contains(&name.as_str())).map(|k| (k.ask, single))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: &str) -> Pressed<'_> {
        Pressed { key, ..Pressed::default() }
    }

    #[test]
    fn no_key_is_taken_twice() {
        let mut all: Vec<&str> = KEYS.iter().flat_map(|k| k.on).copied().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn german_keyboards_work() {
        let bad = ["y", "z", "[", "]", "\\", "`", "^", "´"];
        assert!(KEYS.iter().flat_map(|k| k.on).all(|on| !bad.contains(on)));
    }

    #[test]
    fn shift_reverses_and_ctrl_is_no_single_key() {
        assert_eq!(find(Pressed { shift: true, ..press("X") }), Some((Ask::LastTrouble, true)));
        assert_eq!(find(press("x")), Some((Ask::NextTrouble, true)));
        assert_eq!(find(Pressed { ctrl: true, ..press("k") }), Some((Ask::Find, false)));
        assert_eq!(find(Pressed { ctrl: true, ..press("d") }), Some((Ask::Difference, false)));
        assert_eq!(find(press("d")), Some((Ask::Duel, true)));
        assert_eq!(find(Pressed { shift: true, ..press("?") }), Some((Ask::Keys, true)));
        assert_eq!(find(Pressed { shift: true, ..press("F6") }), Some((Ask::LastRegion, false)));
        assert_eq!(find(Pressed { ctrl: true, shift: true, ..press("K") }), None);
    }
}
