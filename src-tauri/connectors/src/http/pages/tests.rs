use sdk::testing::World;
use sdk::{HttpAnswer, Value};
use serde_json::json;

use super::*;

fn page(body: serde_json::Value) -> HttpAnswer {
    let headers = vec![("content-type".into(), "application/json".into())];
    HttpAnswer { status: 200, headers, body: body.to_string().into(), url: "https://a.test/items".into() }
}

fn node(next: serde_json::Value, records: &str) -> Pages {
    serde_json::from_value(json!({"url": "https://a.test/items", "records": records, "next": next})).unwrap()
}

async fn open(node: &Pages, world: &World) -> Box<dyn Cursor> {
    node.open(&Record::empty(), &FieldSet::all(), world).await.unwrap()
}

async fn all(node: &Pages, world: &World) -> Result<Vec<i64>, NodeError> {
    let mut cursor = open(node, world).await;
    let mut ids = Vec::new();
    while let Some(page) = cursor.next(world).await? {
        ids.extend(page.records.iter().map(id));
    }
    Ok(ids)
}

fn id(record: &Record) -> i64 {
    record.get("id").or(record.get("value")).unwrap().as_number().unwrap().to_i64().unwrap()
}

#[tokio::test]
async fn numbered_pages_end_at_an_empty_one() {
    let world = World::default()
        .with_answer("GET", "https://a.test/items?page=1", page(json!([{"id": 1}, {"id": 2}])))
        .with_answer("GET", "https://a.test/items?page=2", page(json!([{"id": 3}])))
        .with_answer("GET", "https://a.test/items?page=3", page(json!([])));
    assert_eq!(all(&node(json!({"by": "page", "parameter": "page"}), ""), &world).await.unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn offsets_count_the_records_that_came() {
    let world = World::default()
        .with_answer("GET", "https://a.test/items?skip=0", page(json!({"value": [{"id": 1}, {"id": 2}]})))
        .with_answer("GET", "https://a.test/items?skip=2", page(json!({"value": [{"id": 3}]})))
        .with_answer("GET", "https://a.test/items?skip=3", page(json!({"value": null})));
    assert_eq!(
        all(&node(json!({"by": "offset", "parameter": "skip"}), "value"), &world).await.unwrap(),
        [1, 2, 3]
    );
}

#[tokio::test]
async fn marks_links_and_addresses_lead_on() {
    let next = json!({"by": "cursor", "parameter": "after", "path": "meta.next"});
    let world = World::default()
        .with_answer("GET", "https://a.test/items", page(json!({"data": [1], "meta": {"next": "b c"}})))
        .with_answer(
            "GET",
            "https://a.test/items?after=b%20c",
            page(json!({"data": [2], "meta": {"next": null}})),
        );
    assert_eq!(all(&node(next, "data"), &world).await.unwrap(), [1, 2]);

    let next = json!({"by": "next_url", "path": "@odata.nextLink"});
    let world = World::default()
        .with_answer(
            "GET",
            "https://a.test/items",
            page(json!({"value": [1], "@odata.nextLink": "items?skip=1"})),
        )
        .with_answer("GET", "https://a.test/items?skip=1", page(json!({"value": [2]})));
    assert_eq!(all(&node(next, "value"), &world).await.unwrap(), [1, 2]);

    let mut first = page(json!([1]));
    let link = "<https://a.test/items?p=9>; rel=\"last\", <https://a.test/items?p=2>; rel=\"prev next\"";
    first.headers.push(("link".into(), link.into()));
    let world = World::default().with_answer("GET", "https://a.test/items", first).with_answer(
        "GET",
        "https://a.test/items?p=2",
        page(json!([2])),
    );
    assert_eq!(all(&node(json!({"by": "link"}), ""), &world).await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn a_list_that_never_ends_is_noticed() {
    let world = World::default()
        .with_answer("GET", "https://a.test/items?page=1", page(json!([1])))
        .with_answer("GET", "https://a.test/items?page=2", page(json!([1])));
    let error = all(&node(json!({"by": "page", "parameter": "page"}), ""), &world).await.unwrap_err();
    assert!(error.sentence.contains("Page 2 is the same as page 1"), "{error}");

    let next = json!({"by": "cursor", "parameter": "after", "path": "next"});
    let world = World::default()
        .with_answer("GET", "https://a.test/items", page(json!({"data": [1], "next": "x"})))
        .with_answer("GET", "https://a.test/items?after=x", page(json!({"data": [2], "next": "x"})));
    let error = all(&node(next, "data"), &world).await.unwrap_err();
    assert!(error.sentence.contains("read before"), "{error}");
}

#[tokio::test]
async fn reading_goes_on_where_it_was_even_inside_a_large_page() {
    let many: Vec<i64> = (0..2_500).collect();
    let world = World::default()
        .with_answer("GET", "https://a.test/items?page=1", page(json!(many)))
        .with_answer("GET", "https://a.test/items?page=2", page(json!([9_999])))
        .with_answer("GET", "https://a.test/items?page=3", page(json!([])));
    let node = node(json!({"by": "page", "parameter": "page"}), "");
    let mut cursor = open(&node, &world).await;
    let mut ids = Vec::new();
    let mut place = Value::Null;
    for _ in 0..2 {
        let page = cursor.next(&world).await.unwrap().unwrap();
        assert!(page.records.len() <= model::MAX_BATCH_RECORDS);
        ids.extend(page.records.iter().map(id));
        place = page.next;
    }
    let mut cursor = open(&node, &world).await;
    cursor.seek(&place, &world).await.unwrap();
    while let Some(page) = cursor.next(&world).await.unwrap() {
        ids.extend(page.records.iter().map(id));
    }
    assert_eq!(ids, many.into_iter().chain([9_999]).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_page_is_fetched_again_when_the_service_is_busy_and_its_end_may_be_a_404() {
    let busy = HttpAnswer { status: 503, ..page(json!({})) };
    let world = World::default()
        .with_answer("GET", "https://a.test/items?page=1", busy.clone())
        .with_answer("GET", "https://a.test/items?page=1", page(json!([1])))
        .with_answer("GET", "https://a.test/items?page=2", HttpAnswer { status: 404, ..page(json!({})) });
    let node = node(json!({"by": "page", "parameter": "page"}), "");
    assert_eq!(all(&node, &world).await.unwrap(), [1]);
    let world = World::default().with_answer("GET", "https://a.test/items?page=1", busy);
    let error = all(&node, &world).await.unwrap_err();
    assert_eq!((error.code, world.calls.lock().unwrap().len()), (Code::Unavailable, 5));
}

#[tokio::test]
async fn a_wrong_path_says_what_is_there_instead() {
    let world = World::default().with_answer("GET", "https://a.test/items", page(json!({"data": {"id": 1}})));
    let next = json!({"by": "link"});
    let error = all(&node(next.clone(), "data"), &world).await.unwrap_err();
    assert!(error.sentence.contains("list in data"), "{error}");
    assert_eq!(all(&node(next.clone(), "rows"), &world).await.unwrap_err().code, Code::Damaged);
    let node = node(json!({"by": "cursor", "parameter": "", "path": "a["}), "$..x");
    assert_eq!(node.problems().len(), 3);
}

#[tokio::test]
async fn the_number_of_the_next_page_goes_into_the_path() {
    let world = World::default()
        .with_answer("GET", "https://a.test/page-1.json", page(json!({"rows": [{"id": 1}], "next": 2})))
        .with_answer("GET", "https://a.test/page-2.json", page(json!({"rows": [], "next": 3})))
        .with_answer("GET", "https://a.test/page-3.json", page(json!({"rows": [{"id": 3}], "next": null})));
    let next = json!({"by": "cursor", "path": "next", "first": "1"});
    let node = |url: &str| -> Pages {
        serde_json::from_value(json!({"url": url, "records": "rows", "next": next})).unwrap()
    };
    // An empty page with a mark is the last one: a mark for ever is what some services answer at the end.
    assert_eq!(all(&node("https://a.test/page-{{ page.mark }}.json"), &world).await.unwrap(), [1]);
    assert_eq!(node("https://a.test/page-{{ page.mark }}.json").problems(), []);
    assert_eq!(node("https://a.test/page.json").problems()[0].field, "/next/parameter");
}

#[tokio::test]
async fn a_search_by_body_says_in_the_body_which_page_it_wants() {
    let world = World::default()
        .with_answer("POST", "https://a.test/search", page(json!([{"id": 1}, {"id": 2}])))
        .with_answer("POST", "https://a.test/search", page(json!([{"id": 3}])))
        .with_answer("POST", "https://a.test/search", page(json!([])));
    let node: Pages = serde_json::from_value(json!({"method": "POST", "url": "https://a.test/search",
        "body": "= {from: page.offset, size: 2, page: page.number}", "next": {"by": "offset"}}))
    .unwrap();
    assert_eq!(node.problems(), []);
    assert_eq!(all(&node, &world).await.unwrap(), [1, 2, 3]);
    let bodies: Vec<String> =
        world.calls.lock().unwrap().iter().map(|it| String::from_utf8_lossy(&it.body).into_owned()).collect();
    assert_eq!(bodies[1], r#"{"from":2,"size":2,"page":2}"#);
}

#[tokio::test]
async fn the_last_record_of_a_page_can_be_the_mark_of_the_next() {
    let world = World::default()
        .with_answer("GET", "https://a.test/items", page(json!({"data": [{"id": 1}, {"id": 2}]})))
        .with_answer("GET", "https://a.test/items?after=2", page(json!({"data": []})));
    let next = json!({"by": "cursor", "parameter": "after", "path": "data[-1].id"});
    assert_eq!(all(&node(next, "data"), &world).await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn the_newest_value_is_asked_for_next_time_and_only_when_the_reading_came_to_its_end() {
    let first = page(json!([{"id": 1, "at": "2026-01-03"}, {"id": 2, "at": "2026-01-02"}]));
    let later = page(json!([{"id": 3, "at": "2026-01-04"}]));
    let url = |since: &str, page: u32| format!("https://a.test/items?since={since}&page={page}");
    let world = World::default()
        .with_answer("GET", &url("2026-01-01", 1), first)
        .with_answer("GET", &url("2026-01-01", 2), page(json!("broken")))
        .with_answer("GET", &url("2026-01-01", 2), page(json!([])))
        .with_answer("GET", &url("2026-01-03", 1), later)
        .with_answer("GET", &url("2026-01-03", 2), page(json!([])));
    let node: Pages = serde_json::from_value(json!({"url": "https://a.test/items",
        "query": {"since": "{{ page.since }}"}, "next": {"by": "page", "parameter": "page"},
        "remember": {"field": "at", "first": "2026-01-01"}}))
    .unwrap();
    assert_eq!(all(&node, &world).await.unwrap_err().code, Code::Damaged);
    assert_eq!(all(&node, &world).await.unwrap(), [1, 2], "nothing was remembered by a reading that failed");
    assert_eq!(all(&node, &world).await.unwrap(), [3]);
    assert_eq!(world.kept_state.lock().unwrap()[STATE], Value::from("2026-01-04"));
}

#[tokio::test]
async fn a_mark_that_leads_back_to_the_first_page_is_noticed_and_pages_have_a_limit() {
    let world = World::default()
        .with_answer("GET", "https://a.test/p-1", page(json!({"rows": [1], "next": 2})))
        .with_answer("GET", "https://a.test/p-2", page(json!({"rows": [2], "next": 1})));
    let config = json!({"url": "https://a.test/p-{{ page.mark }}", "records": "rows",
        "next": {"by": "cursor", "path": "next", "first": "= 1"}});
    let node: Pages = serde_json::from_value(config.clone()).unwrap();
    let error = all(&node, &world).await.unwrap_err();
    assert!(error.sentence.starts_with("Page 2 leads back"), "{error}");
    let few = Pages { most_pages: Some(1), ..node };
    let error = all(&few, &world).await.unwrap_err();
    assert_eq!((error.code, error.sentence.contains("more than 1 pages")), (Code::Limit, true));
}
