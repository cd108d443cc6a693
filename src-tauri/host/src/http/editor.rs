//! The editor's files, with a policy that lets the page load its own scripts and styles and speak to its own listener, nothing else.

use std::path::{Component, Path, PathBuf};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::admin::{harden, refuse};
use crate::contract::{Refusal, RefusalCode};

/// Styles set from scripts (React Flow places its nodes so) count as inline styles; scripts never may be inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; object-src 'none'; frame-src 'none'; frame-ancestors 'none'; base-uri 'none'; \
     form-action 'none'";
const MOST_FILE_BYTES: u64 = 64 << 20;

/// A file of the editor; an address without a file name is one of its screens.
pub(crate) async fn file(folder: &Path, path: &str) -> Response {
    let Some(wanted) = below(folder, path) else { return missing() };
    let wanted = if wanted.extension().is_none() { folder.join("index.html") } else { wanted };
    let fits = tokio::fs::metadata(&wanted).await.is_ok_and(|it| it.is_file() && it.len() <= MOST_FILE_BYTES);
    if !fits {
        return missing();
    }
    let Ok(bytes) = tokio::fs::read(&wanted).await else { return missing() };
    let mut response = (StatusCode::OK, bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(&wanted)));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    harden(headers);
    response
}

fn missing() -> Response {
    refuse(&Refusal::new(RefusalCode::NotFound, "There is nothing here."))
}

/// The path below the folder, when it stays below it.
fn below(folder: &Path, path: &str) -> Option<PathBuf> {
    // names of built files need no escapes; whatever has some is not one of them
    if path.contains(['%', '\\', '\0', ':']) {
        return None;
    }
    let path = Path::new(path.trim_start_matches('/'));
    let is_plain = path.components().all(|it| matches!(it, Component::Normal(_)));
    is_plain.then(|| folder.join(path))
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|it| it.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        Some(_) | None => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_editors_folder() {
        let folder = Path::new("/srv/editor");
        assert_eq!(below(folder, "/assets/index.js"), Some(folder.join("assets/index.js")));
        for path in ["/../secret", "/a/../../secret", "/%2e%2e/secret", "/a\\..\\b", "/c:/x"] {
            assert_eq!(below(folder, path), None, "{path}");
        }
        assert_eq!(below(folder, "//etc/passwd"), Some(folder.join("etc/passwd")));
    }
}
