//! The flows that Arna offers, run by the real program against real servers of others with the data that comes with them. What counts
//! is what the other side holds afterwards.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant, SystemTime};

use arna_tests::arna::{Server, free_port, program};
use arna_tests::servers::{JsonServer, Postgres, RabbitMq};
use serde_json::{Value as Json, json};

/// Almaty has been five hours ahead of UTC, summer and winter, since 2024.
const AHEAD_S: u64 = 5 * 3_600;
const DAY_S: u64 = 86_400;
const SETTLE: Duration = Duration::from_secs(120);

fn gallery(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows").join(name)
}

fn json_of(path: &Path) -> Json {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What a case of a flow expects in a file.
fn expected(flow: &str, case: &str, file: &str) -> Json {
    json_of(&gallery(flow).join(format!("cases/{case}.expected.json")))["files"][file].clone()
}

/// A workshop: folders, connections and flows of one engine.
struct Shop {
    folder: tempfile::TempDir,
    flags: Vec<String>,
}

impl Shop {
    fn new() -> Shop {
        let folder = tempfile::tempdir().unwrap();
        for name in ["inbox", "reports", "supplier", "archive", "branches", "data"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Shop { folder, flags: Vec::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn bring(&self, flow: &str, file: &str, to: &str) {
        std::fs::copy(gallery(flow).join("data").join(file), self.path(to)).unwrap();
    }

    fn set(&mut self, slot: &str, value: &str) {
        self.flags.extend(["--set".into(), format!("{slot}={value}")]);
    }

    fn fill_folder(&mut self, slot: &str) {
        let path = self.text(slot);
        self.set(slot, &path);
    }

    /// Saves a connection with one secret, as a person does at the command line.
    fn connect(&self, name: &str, kind: &str, settings: &[String], (field, secret): (&str, &str)) {
        let file = self.path("secret");
        std::fs::write(&file, secret).unwrap();
        let mut arguments = vec!["connections".to_owned(), "--data".into(), self.text("data")];
        arguments.extend(["save".into(), name.into(), "--kind".into(), kind.into()]);
        for it in settings {
            arguments.extend(["--set".into(), it.clone()]);
        }
        arguments.extend(["--secret".into(), format!("{field}={}", file.display())]);
        succeed(&arna(&arguments));
        std::fs::remove_file(file).unwrap();
    }

    /// A copy of a flow whose schedule is due at another time.
    fn due(&mut self, flow: &str, trigger: &str, at: SystemTime) {
        let mut document = json_of(&gallery(flow).join("flow.json"));
        let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() + AHEAD_S;
        let (second, minute, hour) = (since % 60, since / 60 % 60, since / 3_600 % 24);
        document["nodes"][trigger]["config"]["cron"] = json!(format!("{second} {minute} {hour} * * *"));
        let file = self.path(&format!("{flow}.flow.json"));
        std::fs::write(&file, document.to_string()).unwrap();
        let file = file.display().to_string();
        if !self.flags.contains(&file) {
            self.flags.extend(["--flow".into(), file]);
        }
    }

    fn serve(&self, hooks: u16) -> Server {
        let (data, hooks) = (self.text("data"), format!("127.0.0.1:{hooks}"));
        let mut arguments = vec!["--data", data.as_str(), "--hooks", hooks.as_str()];
        arguments.extend(self.flags.iter().map(String::as_str));
        Server::start(&arguments, &self.path("log"))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Waits until something holds.
    fn wait(&self, what: &str, server: &mut Server, mut holds: impl FnMut() -> bool) {
        let until = Instant::now() + SETTLE;
        while !holds() {
            assert!(!server.has_ended(), "the engine ended:\n{}", self.log());
            assert!(Instant::now() < until, "{what} did not come:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap_or_else(|e| panic!("{file}: {e}\n{}", self.log()))
    }

    /// The rows of a workbook.
    fn workbook(&self, file: &str) -> Json {
        let flow = json!({"arna": 1, "name": "look", "nodes": {
            "start": {"kind": "flow.input"},
            "rows": {"kind": "xlsx.read", "config": {"path": "{{ slots.reports }}/".to_owned() + file}}},
            "wires": [["start", "rows"]], "slots": {"reports": {"folder": "read"}}});
        let look = self.path("look.flow.json");
        std::fs::write(&look, flow.to_string()).unwrap();
        let set = format!("reports={}", self.text("reports"));
        let out = arna(&["run".into(), look.display().to_string(), "--set".into(), set]);
        succeed(&out);
        let lines = String::from_utf8(out.stdout).unwrap();
        Json::Array(lines.lines().map(|it| serde_json::from_str(it).unwrap()).collect())
    }
}

fn arna(arguments: &[String]) -> Output {
    Command::new(program()).args(arguments).output().expect("the program starts")
}

fn succeed(out: &Output) {
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{:?}: {}{said}", out.status, String::from_utf8_lossy(&out.stdout));
}

/// A day in Almaty, so many days from now.
fn day(from_today: i64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let days = i64::try_from((now + AHEAD_S) / DAY_S).unwrap() + from_today;
    let epoch = model::Date::new(1970, 1, 1).unwrap();
    model::Date::from_days(epoch.days() + days).unwrap().to_string()
}

fn soon(seconds: u64) -> SystemTime {
    SystemTime::now() + Duration::from_secs(seconds)
}

/// Each record of a list that has these fields, without the fields that the other side added.
fn only(list: &[Json], fields: &[&str]) -> Vec<Json> {
    let mut cut: Vec<Json> = list
        .iter()
        .map(|it| {
            fields
                .iter()
                .map(|name| ((*name).to_owned(), it[*name].clone()))
                .collect::<serde_json::Map<_, _>>()
        })
        .map(Json::Object)
        .collect();
    cut.sort_by_key(Json::to_string);
    cut
}

#[test]
fn paid_orders_are_in_the_ledger_once_after_the_schedule_was_due() {
    let ledger = JsonServer::start(&json!({"invoices": []}));
    let mut shop = Shop::new();
    shop.bring("paid-orders-to-ledger", "orders.csv", "inbox/orders.csv");
    shop.fill_folder("inbox");
    shop.fill_folder("reports");
    shop.set("ledger", &ledger.address());
    shop.due("paid-orders-to-ledger", "morning", soon(8));
    let mut engine = shop.serve(free_port());
    shop.wait("refused.csv", &mut engine, || shop.path("reports/refused.csv").is_file());
    shop.wait("booked.csv", &mut engine, || shop.path("reports/booked.csv").is_file());

    let case = json_of(&gallery("paid-orders-to-ledger").join("cases/morning.expected.json"));
    let wanted: Vec<Json> = case["calls"].as_array().unwrap().iter().map(|it| it["body"].clone()).collect();
    let fields = ["number", "date", "bin", "customer", "sum", "vat"];
    let booked = ledger.table("invoices");
    assert_eq!(only(&booked, &fields), only(&wanted, &fields));
    assert_eq!(ledger.count("POST /invoices"), 4, "nothing was posted twice");
    let mut report = "number,sum,ledger_id\n".to_owned();
    for it in &wanted {
        let there = booked.iter().find(|row| row["number"] == it["number"]).unwrap();
        report += &format!("{},{},{}\n", it["number"].as_str().unwrap(), it["sum"], there["id"]);
    }
    assert_eq!(shop.read("reports/booked.csv"), report);
    let refused = expected("paid-orders-to-ledger", "morning", "reports/refused.csv");
    assert_eq!(shop.read("reports/refused.csv"), refused.as_str().unwrap());
}

#[test]
fn customers_that_changed_in_postgres_are_in_the_crm_and_the_next_night_reads_only_what_is_new() {
    let postgres = Postgres::start();
    postgres
        .execute(&std::fs::read_to_string(gallery("customers-to-crm").join("data/customers.sql")).unwrap());
    let cards: Vec<Json> = (101..=105).map(|id| json!({"id": id, "name": "as it was"})).collect();
    let crm = JsonServer::start(&json!({"contacts": cards}));
    let mut shop = Shop::new();
    let settings = ["host=127.0.0.1".into(), format!("port={}", postgres.port), "database=postgres".into()];
    let settings: Vec<String> = settings.into_iter().chain(["user=arna".to_owned()]).collect();
    shop.connect("shop-db", "postgres", &settings, ("password", Postgres::PASSWORD));
    shop.set("shop", "shop-db");
    shop.set("crm", &crm.address());
    shop.fill_folder("reports");
    shop.due("customers-to-crm", "night", soon(8));
    let report = shop.path("reports/to-correct.csv");

    let mut engine = shop.serve(free_port());
    shop.wait("to-correct.csv", &mut engine, || report.is_file());
    shop.wait("the cards", &mut engine, || {
        (101..=104).filter(|id| crm.count(&format!("PUT /contacts/{id}")) > 0).count() == 3
    });
    let case = json_of(&gallery("customers-to-crm").join("cases/night.expected.json"));
    let mut wanted: Vec<Json> = Vec::new();
    for call in case["calls"].as_array().unwrap() {
        let mut card = call["body"].clone();
        card["id"] = json!(call["url"].as_str().unwrap().rsplit('/').next().unwrap().parse::<i64>().unwrap());
        wanted.push(card);
    }
    wanted.extend([103, 105].map(|id| json!({"id": id, "name": "as it was"})));
    let fields = ["id", "name", "phone", "email", "city", "active"];
    shop.wait("the store", &mut engine, || only(&crm.table("contacts"), &fields) == only(&wanted, &fields));
    let to_correct = expected("customers-to-crm", "night", "reports/to-correct.csv");
    assert_eq!(shop.read("reports/to-correct.csv"), to_correct.as_str().unwrap());
    drop(engine);

    // The engine is started again, one customer has moved: only that one is put.
    postgres
        .execute("update customers set city = 'Тараз', updated_at = '2026-01-06 09:00:00+05' where id = 102");
    std::fs::remove_file(&report).unwrap();
    shop.due("customers-to-crm", "night", soon(8));
    let mut engine = shop.serve(free_port());
    shop.wait("the second night", &mut engine, || report.is_file());
    shop.wait("the card that changed", &mut engine, || crm.count("PUT /contacts/102") == 2);
    shop.wait("the store", &mut engine, || crm.table("contacts").iter().any(|it| it["city"] == "Тараз"));
    assert_eq!((crm.count("PUT /contacts/101"), crm.count("PUT /contacts/104")), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_at_the_webhook_becomes_a_message_for_the_warehouse_or_for_purchasing() {
    let rabbit = RabbitMq::start();
    let line = format!("amqp://127.0.0.1:{}", rabbit.port);
    let channel = queues(&line).await;
    let stock =
        JsonServer::start(&json!({"stock": [{"id": "001203", "free": 65}, {"id": "002050", "free": 20}]}));
    let mut shop = Shop::new();
    shop.connect("shop-sender", "webhook", &[], ("secret", "s3cret of the shop"));
    shop.set("shop", "shop-sender");
    shop.set("queue", &line);
    shop.set("warehouse", &stock.address());
    shop.flags
        .extend(["--flow".into(), gallery("order-to-warehouse").join("flow.json").display().to_string()]);
    let hooks = free_port();
    let mut engine = shop.serve(hooks);
    shop.wait("the listener", &mut engine, || std::net::TcpStream::connect(("127.0.0.1", hooks)).is_ok());

    let live = arna_tests::servers::Live::bare();
    let order = json_of(&gallery("order-to-warehouse").join("data/order.json"));
    let post = async |order: &Json, key: &str| {
        let call = sdk::HttpCall {
            method: "POST".into(),
            url: format!("http://127.0.0.1:{hooks}/hooks/shop-orders"),
            headers: vec![
                ("x-shop-key".into(), key.into()),
                ("content-type".into(), "application/json".into()),
            ],
            body: order.to_string().into(),
            ..sdk::HttpCall::default()
        };
        sdk::Cx::http(&live, call).await.unwrap().status
    };
    assert_eq!(post(&order, "guessed").await, 401);
    assert_eq!(post(&order, "s3cret of the shop").await, 202);
    let ready = message(&channel, "ready").await;
    let lines = json!([{"sku": "001203", "qty": 4, "short": 0}, {"sku": "002050", "qty": 20, "short": 0}]);
    assert_eq!(ready, json!({"order": "A-77120", "city": "Шымкент", "pieces": 24, "lines": lines}));

    let mut large = order.clone();
    large["order_id"] = json!("A-77121");
    large["lines"][1]["qty"] = json!(22);
    assert_eq!(post(&large, "s3cret of the shop").await, 202);
    let short = message(&channel, "short").await;
    let missing = json!([{"sku": "002050", "qty": 22, "short": 2}]);
    assert_eq!(short, json!({"order": "A-77121", "customer": "Әсем Қалиева", "missing": missing}));
    assert_eq!((left(&channel, "ready").await, left(&channel, "short").await), (0, 0));
    assert_eq!((stock.count("GET /stock/001203"), stock.count("GET /stock/002050")), (2, 2));
}

/// The exchange of the flow with a queue for each of its keys.
async fn queues(line: &str) -> lapin::Channel {
    use lapin::types::FieldTable;
    let line = lapin::Connection::connect(line, lapin::ConnectionProperties::default()).await.unwrap();
    let channel = line.create_channel().await.unwrap();
    // The line lives as long as its channel.
    std::mem::forget(line);
    let kind = lapin::ExchangeKind::Topic;
    channel.exchange_declare("orders".into(), kind, Default::default(), FieldTable::default()).await.unwrap();
    for name in ["ready", "short"] {
        let options = lapin::options::QueueDeclareOptions::durable();
        channel.queue_declare(name.into(), options, FieldTable::default()).await.unwrap();
        let key = format!("order.{name}");
        let bind = channel.queue_bind(
            name.into(),
            "orders".into(),
            key.into(),
            Default::default(),
            FieldTable::default(),
        );
        bind.await.unwrap();
    }
    channel
}

async fn message(channel: &lapin::Channel, queue: &str) -> Json {
    let until = Instant::now() + SETTLE;
    loop {
        let options = lapin::options::BasicGetOptions { no_ack: true };
        if let Some(got) = channel.basic_get(queue.into(), options).await.unwrap() {
            return serde_json::from_slice(&got.delivery.data).unwrap();
        }
        assert!(Instant::now() < until, "no message came to {queue}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn left(channel: &lapin::Channel, queue: &str) -> u32 {
    let passive = lapin::options::QueueDeclareOptions { passive: true, ..Default::default() };
    channel.queue_declare(queue.into(), passive, Default::default()).await.unwrap().message_count()
}

#[test]
fn price_list_and_branch_reports_are_written_when_their_schedules_are_due() {
    let mut shop = Shop::new();
    shop.bring("supplier-price-list", "price.xml", "supplier/price.xml");
    // The night may fall between this and the run: both days have a list of the day before.
    for from_today in [-1, 0] {
        let kept = format!("archive/prices-{}.csv", day(from_today));
        shop.bring("supplier-price-list", "prices-2026-01-05.csv", &kept);
    }
    for name in ["almaty.xlsx", "semey.xlsx"] {
        shop.bring("branch-reports", name, &format!("branches/{name}"));
    }
    for slot in ["supplier", "archive", "reports", "branches"] {
        shop.fill_folder(slot);
    }
    let began = day(0);
    let at = soon(8);
    shop.due("supplier-price-list", "night", at);
    shop.due("branch-reports", "monday", at);
    let mut engine = shop.serve(free_port());
    let has = |file: &str| shop.path(file).is_file();
    let changes = |day: &str| format!("reports/changes-{day}.csv");
    shop.wait("the reports", &mut engine, || {
        let files = ["price-list.xlsx", "sales.xlsx", "by-branch.csv", "to-ask.csv"];
        files.iter().all(|it| has(&format!("reports/{it}")))
            && (has(&changes(&began)) || has(&changes(&day(0))))
    });
    let today = if has(&changes(&began)) { began } else { day(0) };
    let text = |case: (&str, &str), file: &str| expected(case.0, case.1, file).as_str().unwrap().to_owned();
    let list = ("supplier-price-list", "tuesday");
    assert_eq!(shop.read(&changes(&today)), text(list, "reports/changes-2026-01-06.csv"));
    let kept = text(list, "archive/prices-2026-01-06.csv");
    shop.wait("the list for tomorrow", &mut engine, || {
        shop.read(&format!("archive/prices-{today}.csv")) == kept
    });
    assert_eq!(shop.workbook("price-list.xlsx"), expected(list.0, list.1, "reports/price-list.xlsx")["rows"]);
    for file in ["reports/by-branch.csv", "reports/to-ask.csv"] {
        assert_eq!(shop.read(file), text(("branch-reports", "monday"), file));
    }
    assert_eq!(
        shop.workbook("sales.xlsx"),
        expected("branch-reports", "monday", "reports/sales.xlsx")["rows"]
    );
}

#[test]
fn the_bank_statement_is_matched_when_somebody_starts_it() {
    let mut shop = Shop::new();
    for file in ["kl_to_1c.txt", "invoices.csv"] {
        shop.bring("bank-statement", file, &format!("inbox/{file}"));
    }
    shop.fill_folder("inbox");
    shop.fill_folder("reports");
    let mut arguments = vec!["run".to_owned(), gallery("bank-statement").display().to_string()];
    arguments.append(&mut shop.flags);
    succeed(&arna(&arguments));
    let case = ("bank-statement", "fifth-of-january");
    let unclear = expected(case.0, case.1, "reports/unclear.csv");
    assert_eq!(shop.read("reports/unclear.csv"), unclear.as_str().unwrap());
    assert_eq!(shop.workbook("payments.xlsx"), expected(case.0, case.1, "reports/payments.xlsx")["rows"]);
}
