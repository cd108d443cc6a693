//! Prepares the shell: permissions for its commands, and a page to embed where the editor is not built yet.

use std::path::Path;

/// What the window may ask of the shell; `capabilities/window.json` allows each of them, and nothing else.
const COMMANDS: &[&str] = &["call", "listen", "opened", "autostart", "set_autostart"];

const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\">\n<title>Arna</title>\n\
     <p>The editor is not built: run <code>npm run build</code> in ui/, then build the desktop app again.</p>\n</html>\n";

fn main() {
    // checks and lints of the Rust side must not need the editor; vite empties the folder before it builds
    let page = Path::new("../ui/dist/index.html");
    println!("cargo::rerun-if-changed=../ui/dist");
    if !page.exists() {
        let made = std::fs::create_dir_all("../ui/dist").and_then(|()| std::fs::write(page, NOT_BUILT));
        if let Err(why) = made {
            println!("cargo::warning=ui/dist cannot be made: {why}");
        }
    }
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    if let Err(why) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest)) {
        println!("cargo::error={why:#}");
    }
}
