use sdk::HttpAnswer;
use sdk::testing::World;
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
