//! Alerts as notices of the system; a click opens the run, or the flow, that it is about.

use tauri::AppHandle;

use crate::words::Words;

/// Notices within a minute; what comes on top is told once, as "more".
const MOST_A_MINUTE: u32 = 5;
const MINUTE_MS: i64 = 60_000;

/// What a person should know.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// As in the contract's alert.
    pub(crate) kind: String,
    /// The flow it is about.
    pub(crate) flow: Option<String>,
    /// The run it is about.
    pub(crate) run: Option<String>,
    /// The sentence.
    pub(crate) sentence: String,
    /// When.
    pub(crate) at_ms: i64,
}

impl Notice {
    fn title(&self) -> &'static str {
        match self.kind.as_str() {
            "failure" => "notice.failure",
            "question" => "notice.question",
            "nothing_came" => "notice.nothing_came",
            _ => "notice.other",
        }
    }

    /// The screen that a click opens.
    fn route(&self) -> String {
        match (self.kind.as_str(), &self.flow, &self.run) {
            ("question", _, _) | (_, None, _) => "/failed".into(),
            (_, Some(flow), Some(run)) => format!("/flow/{flow}/{run}"),
            (_, Some(flow), None) => format!("/flow/{flow}"),
        }
    }
}

/// Raises notices at a bearable pace.
#[derive(Default)]
pub(crate) struct Notices {
    since_ms: i64,
    raised: u32,
}

impl Notices {
    /// Raises one, unless too many came within the minute.
    pub(crate) fn raise(&mut self, app: &AppHandle, words: &Words, notice: Notice) {
        let (title, route) = (words.text(notice.title()).to_owned(), notice.route());
        match self.pace(notice.at_ms) {
            Pace::Fine => show(app, words, Shown { title, sentence: notice.sentence, route }),
            Pace::Last => {
                let sentence = words.text("notice.more").to_owned();
                show(app, words, Shown { title, sentence, route: "/runs".into() });
            }
            Pace::TooMany => {}
        }
    }

    fn pace(&mut self, at_ms: i64) -> Pace {
        if at_ms - self.since_ms >= MINUTE_MS {
            *self = Notices { since_ms: at_ms, raised: 0 };
        }
        self.raised = self.raised.saturating_add(1);
        match self.raised {
            ..MOST_A_MINUTE => Pace::Fine,
            MOST_A_MINUTE => Pace::Last,
            _ => Pace::TooMany,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Pace {
    Fine,
    Last,
    TooMany,
}

/// A notice as it is shown.
struct Shown {
    title: String,
    sentence: String,
    route: String,
}

/// Over the session's bus, for only there a click comes back.
#[cfg(target_os = "linux")]
fn show(app: &AppHandle, words: &Words, shown: Shown) {
    let (handle, open) = (app.clone(), words.text("notice.open").to_owned());
    let asked = app.run_on_main_thread(move || {
        crate::notice_bus::show(&handle, (&shown.title, &shown.sentence), (open, shown.route))
    });
    if let Err(why) = asked {
        tracing::warn!(%why, "a notice is not shown");
    }
}

/// A click raises the program here; the system does not say on what.
#[cfg(not(target_os = "linux"))]
fn show(app: &AppHandle, _words: &Words, shown: Shown) {
    use tauri_plugin_notification::NotificationExt as _;
    tracing::info!(route = %shown.route, "a notice is raised");
    let raised = app.notification().builder().title(shown.title).body(shown.sentence).show();
    if let Err(why) = raised {
        tracing::warn!(%why, "a notice is not shown");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(kind: &str, flow: Option<&str>, run: Option<&str>) -> Notice {
        let text = |it: Option<&str>| it.map(str::to_owned);
        Notice { kind: kind.into(), flow: text(flow), run: text(run), sentence: "It broke.".into(), at_ms: 0 }
    }

    #[test]
    fn a_click_leads_to_what_the_notice_is_about() {
        assert_eq!(notice("failure", Some("f1"), Some("r1")).route(), "/flow/f1/r1");
        assert_eq!(notice("nothing_came", Some("f1"), None).route(), "/flow/f1");
        assert_eq!(notice("question", Some("f1"), Some("r1")).route(), "/failed");
        assert_eq!(notice("disk_low", None, None).route(), "/failed");
    }

    #[test]
    fn a_flood_of_alerts_is_five_notices_a_minute() {
        let mut notices = Notices { since_ms: 1, raised: 0 };
        let paces: Vec<Pace> = (0..7).map(|_| notices.pace(2)).collect();
        assert_eq!(paces.iter().filter(|it| **it == Pace::Fine).count(), 4);
        assert_eq!((&paces[4], &paces[5], &paces[6]), (&Pace::Last, &Pace::TooMany, &Pace::TooMany));
        assert_eq!(notices.pace(1 + MINUTE_MS), Pace::Fine);
    }
}
