//! The gallery: scenarios that run at once. Their files are data under `static/examples`.

use super::texts::Language;
use crate::session::File;

/// One scenario of the gallery.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// Folder name.
    pub name: &'static str,
    /// Speed at which it is shown.
    pub speed: f64,
    /// Where a picture that may not move shows most. Microseconds.
    pub still_at: u64,
    files: &'static [(&'static str, &'static str)],
    words: [&'static str; 2],
}

macro_rules! example {
    ($name:literal, $speed:literal, $still:literal, $($file:literal),+) => {
        Example {
            name: $name,
            speed: $speed,
            still_at: $still * 1_000_000,
            files: &[$(($file, include_str!(concat!("../../static/examples/", $name, "/", $file)))),+],
            words: [
                include_str!(concat!("../../static/examples/", $name, "/en.txt")),
                include_str!(concat!("../../static/examples/", $name, "/de.txt")),
            ],
        }
    };
}

/// What a first visit shows.
pub const FIRST: &str = "kill-a-pod";

/// All of them, in the order of the gallery.
pub const ALL: &[Example] = &[
    example!("kill-a-pod", 1.0, 4, "web.yaml", "kill-a-pod.scenario.yaml"),
    example!("rolling-update", 5.0, 30, "web.yaml", "rolling-update.scenario.yaml"),
    example!("broken-image", 5.0, 30, "web.yaml", "broken-image.scenario.yaml"),
    example!("nothing-fits", 1.0, 5, "web.yaml", "report.yaml", "nothing-fits.scenario.yaml"),
    example!("autoscaler", 10.0, 150, "shop.yaml", "autoscaler.scenario.yaml"),
    example!("silent-node", 100.0, 60, "web.yaml", "silent-node.scenario.yaml"),
    example!("crash-loop", 10.0, 60, "worker.yaml", "crash-loop.scenario.yaml"),
    example!("drain-budget", 2.0, 20, "web.yaml", "drain-budget.scenario.yaml"),
    example!("pipeline", 5.0, 110, "shop.yaml", "pipeline.scenario.yaml"),
    example!("thousand-nodes", 5.0, 60, "fleet.yaml", "thousand-nodes.scenario.yaml"),
    example!("duel-scaling", 10.0, 200, "compose.yaml", "kubernetes.yaml", "duel.scenario.yaml"),
    example!("duel-hosts", 10.0, 240, "compose.yaml", "kubernetes.yaml", "duel.scenario.yaml"),
    example!("duel-crash", 5.0, 90, "compose.yaml", "kubernetes.yaml", "duel.scenario.yaml"),
    example!("duel-unhealthy", 5.0, 120, "compose.yaml", "kubernetes.yaml", "duel.scenario.yaml"),
    example!("duel-host-loss", 30.0, 300, "compose.yaml", "kubernetes.yaml", "duel.scenario.yaml"),
    example!("duel-balancing", 5.0, 120, "compose.yaml", "kubernetes.yaml", "duel.scenario.yaml"),
    example!("duel-rollout", 10.0, 240, "compose.yaml", "kubernetes.yaml", "duel.scenario.yaml"),
    example!("duel-api", 10.0, 240, "compose.yaml", "kubernetes.yaml", "duel.scenario.yaml"),
    example!("duel-drift", 5.0, 90, "compose.yaml", "kubernetes.yaml", "duel.scenario.yaml"),
    example!("duel-config", 5.0, 80, "compose.yaml", ".env", "kubernetes.yaml", "duel.scenario.yaml"),
    example!("duel-maintenance", 5.0, 120, "compose.yaml", "kubernetes.yaml", "duel.scenario.yaml"),
];

/// One by its name.
pub fn find(name: &str) -> Option<&'static Example> {
    ALL.iter().find(|e| e.name == name)
}

impl Example {
    /// Its files.
    pub fn files(&self) -> Vec<File> {
        self.files.iter().map(|(name, text)| File { name: name.to_string(), text: text.to_string() }).collect()
    }

    /// Whether it sets both houses side by side.
    pub fn is_duel(&self) -> bool {
        ["compose.yaml", "kubernetes.yaml"].iter().all(|name| self.files.iter().any(|f| f.0 == *name))
    }

    fn line(&self, language: Language, index: usize) -> &'static str {
        self.words[language as usize].lines().nth(index).unwrap_or_default()
    }

    /// Its title.
    pub fn title(&self, language: Language) -> &'static str {
        self.line(language, 0)
    }

    /// What is seen.
    pub fn about(&self, language: Language) -> &'static str {
        self.line(language, 1)
    }

    /// What to try.
    pub fn tip(&self, language: Language) -> &'static str {
        self.line(language, 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_says_three_things_in_both_languages() {
        for example in ALL {
            for language in Language::ALL {
                for text in [example.title(language), example.about(language), example.tip(language)] {
                    assert!(!text.trim().is_empty(), "{} in {}", example.name, language.tag());
                }
            }
        }
    }

    #[test]
    fn duels_bring_files_for_both_houses() {
        for example in ALL {
            assert_eq!(example.is_duel(), example.name.starts_with("duel-"), "{}", example.name);
        }
    }

    #[test]
    fn every_speed_can_be_chosen() {
        for example in ALL {
            assert!(crate::ui::settings::SPEEDS.contains(&example.speed), "{}: {}", example.name, example.speed);
        }
    }

    #[test]
    fn the_first_one_exists() {
        assert!(find(FIRST).is_some());
    }
}
