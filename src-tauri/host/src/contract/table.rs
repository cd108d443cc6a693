//! The table of commands. One line a command: its name, the method that answers it, parameters, answer, and what it is for.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::*;

/// Hands the table to another macro.
#[macro_export]
macro_rules! command_table {
    ($with:path) => {
        $with! {
            "health" health(Nothing) -> Health: "How the engine stands.";
            "engine.pause" engine_pause(EnginePause) -> Health: "Holds every trigger back, or lets all go on.";
            "catalogue" catalogue(Nothing) -> Catalogue: "Every node kind with its form.";
            "settings.get" settings_get(Nothing) -> Settings: "What the person has chosen.";
            "settings.set" settings_set(Settings) -> Settings: "Keeps choices.";
            "places.list" places_list(PlacesList) -> Places: "Folders and files to choose from, on the engine's machine.";
            "schedule.next" schedule_next(ScheduleNext) -> ScheduleTimes: "The next five times of a schedule.";
            "flows.list" flows_list(FlowsList) -> FlowRows: "The flows with their last runs.";
            "flow.get" flow_get(FlowId) -> Flow: "One flow.";
            "flow.save" flow_save(FlowSave) -> FlowSaved: "Saves a flow as a new version, or makes one.";
            "flow.check" flow_check(FlowCheck) -> FlowChecked: "Checks a text without saving it.";
            "flow.arm" flow_arm(FlowArm) -> FlowArmed: "Makes triggers live, or stops them.";
            "flow.times" flow_times(FlowTimes) -> DueTimes: "Times at which a flow was due, and what became of each.";
            "flow.delete" flow_delete(FlowId) -> Nothing: "Deletes a flow; its runs stay until they are too old.";
            "flow.versions" flow_versions(FlowId) -> FlowVersions: "The versions of a flow.";
            "flow.version.get" flow_version_get(FlowVersionId) -> FlowVersion: "The text of a version.";
            "flow.restore" flow_restore(FlowVersionId) -> FlowSaved: "Saves an old version as the newest.";
            "flow.import" flow_import(FlowImport) -> FlowImported: "Takes in a flow file; it may touch nothing yet.";
            "flow.export" flow_export(FlowId) -> FlowExported: "The flow as one file.";
            "slots.fill" slots_fill(SlotsFill) -> Slots: "Fills a slot, which grants exactly that.";
            "grants.list" grants_list(FlowId) -> Authorities: "What a flow would touch and whether it may.";
            "grants.set" grants_set(GrantsSet) -> Authorities: "Allows one thing, or takes it back.";
            "run.start" run_start(RunStart) -> RunId: "Starts a run.";
            "run.cancel" run_cancel(RunId) -> Nothing: "Stops a run cleanly.";
            "run.release" run_release(RunId) -> Nothing: "Sets a run to work again that was held back.";
            "runs.list" runs_list(RunsList) -> RunRows: "Runs, newest first.";
            "run.get" run_get(RunId) -> Run: "One run.";
            "run.records" run_records(RunRecords) -> RecordsPage: "Records that went in or out of a node.";
            "sample.pin" sample_pin(SamplePin) -> Nothing: "Keeps records as the sample of a node.";
            "node.fields" node_fields(NodeFields) -> Fields: "What arrives at a node: fields with a sample value.";
            "node.try" node_try(NodeTry) -> NodeTried: "Runs one node on a sample, its effects held unless asked.";
            "failed.list" failed_list(FailedList) -> FailedGroups: "Failed records by cause.";
            "failed.resend" failed_resend(FailedResend) -> FailedResent: "Sends failed records again.";
            "failed.discard" failed_discard(FailedDiscard) -> FailedDiscarded: "Takes failed records out of the inbox.";
            "questions.list" questions_list(Nothing) -> Questions: "What only a person can answer.";
            "questions.answer" questions_answer(QuestionsAnswer) -> Nothing: "Answers a question.";
            "connections.list" connections_list(Nothing) -> Connections: "Connections with their health.";
            "connections.save" connections_save(ConnectionSave) -> Nothing: "Makes or changes a connection.";
            "connections.test" connections_test(ConnectionName) -> ConnectionTested: "Asks the system whether it answers.";
            "connections.delete" connections_delete(ConnectionName) -> Nothing: "Deletes a connection and its secrets.";
            "cases.list" cases_list(FlowId) -> Cases: "The cases of a flow.";
            "cases.save" cases_save(CaseSave) -> CaseSaved: "Turns a run, or the pinned samples, into a case.";
            "cases.run" cases_run(CasesRun) -> CaseResults: "Runs cases in a made-up world and shows what differs.";
            "cases.accept" cases_accept(CasesAccept) -> CaseSaved: "Expects from now on what comes out now.";
            "cases.delete" cases_delete(CaseName) -> CaseSaved: "Deletes a case.";
            "formula.eval" formula_eval(FormulaEval) -> FormulaEvaluated: "The value of a formula for a sample.";
            "formula.complete" formula_complete(FormulaComplete) -> Completions: "What could stand at the caret.";
            "formula.functions" formula_functions(Nothing) -> FormulaFunctions: "Every function with an example.";
            "audit.list" audit_list(AuditList) -> AuditTrail: "What people decided here, and whether the trail of it is whole.";
            "gallery.list" gallery_list(Nothing) -> Gallery: "Flows the app offers.";
            "gallery.get" gallery_get(GalleryGet) -> GalleryFlow: "One flow of the gallery.";
        }
    };
}

/// A command as the generators see it.
#[derive(Clone, Copy)]
pub struct Command {
    /// Its name, as in `POST /api/<name>`.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// The type of its parameters.
    pub params: fn() -> String,
    /// The type of its answer.
    pub answer: fn() -> String,
    describe: fn(&mut SchemaGenerator),
}

macro_rules! list {
    ($($name:literal $method:ident($params:ty) -> $answer:ty: $about:literal;)*) => {
        /// Every command, in the order of the table.
        pub const COMMANDS: &[Command] = &[$(Command {
            name: $name,
            about: $about,
            params: || <$params as JsonSchema>::schema_name().into_owned(),
            answer: || <$answer as JsonSchema>::schema_name().into_owned(),
            describe: |generator| {
                generator.subschema_for::<$params>();
                generator.subschema_for::<$answer>();
            },
        }),*];
    };
}

command_table!(list);

/// One JSON schema that defines every type of the contract under `$defs`.
pub fn schema() -> Schema {
    let mut generator = schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator();
    for command in COMMANDS {
        (command.describe)(&mut generator);
    }
    generator.subschema_for::<Event>();
    generator.subschema_for::<Refusal>();
    let mut schema = schemars::json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Contract",
        "type": "object",
    });
    schema.insert("$defs".into(), serde_json::Value::Object(generator.take_definitions(true)));
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_own_name_and_its_types_are_described() {
        let schema = schema();
        let defs = schema.get("$defs").and_then(|defs| defs.as_object()).expect("definitions are an object");
        let mut seen = std::collections::BTreeSet::new();
        for command in COMMANDS {
            assert!(seen.insert(command.name), "{} stands twice in the table", command.name);
            assert!(
                defs.contains_key(&(command.params)()),
                "{} has parameters nobody describes",
                command.name
            );
            assert!(
                defs.contains_key(&(command.answer)()),
                "{} has an answer nobody describes",
                command.name
            );
        }
        assert!(defs.contains_key("Event"));
        assert!(defs.contains_key("Refusal"));
    }
}
