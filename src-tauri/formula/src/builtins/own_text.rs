//! Our own functions on text: trimming, padding, case, other scripts, encodings, digests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use model::Value;
use sha2::{Digest as _, Sha256};

use super::text::{text, whole};
use super::{Answer, Decl, arg};
use crate::cx::Cx;

/// Characters a text may be padded to.
const MAX_PAD: i64 = 10_000;

pub(super) const LIST: &[Decl] = &[
    Decl {
        name: "trim",
        takes: "text: string",
        gives: "string",
        run: |_, args| Ok(text(args, 0).trim().into()),
        example: ("trim(\"  Almaty \")", "\"Almaty\""),
        help: [
            "The text without spaces at its ends.",
            "Текст без пробелов по краям.",
            "Шеттеріндегі бос орынсыз мәтін.",
        ],
    },
    Decl {
        name: "pad left",
        takes: "text: string, length: number, with?: string",
        gives: "string",
        run: |_, args| pad(args, true),
        example: ("pad left(\"42\", 5, \"0\")", "\"00042\""),
        help: [
            "The text filled up at its start to a length.",
            "Текст, дополненный слева до длины.",
            "Сол жағынан ұзындыққа дейін толтырылған мәтін.",
        ],
    },
    Decl {
        name: "pad right",
        takes: "text: string, length: number, with?: string",
        gives: "string",
        run: |_, args| pad(args, false),
        example: ("pad right(\"ab\", 4, \".\")", "\"ab..\""),
        help: [
            "The text filled up at its end to a length.",
            "Текст, дополненный справа до длины.",
            "Оң жағынан ұзындыққа дейін толтырылған мәтін.",
        ],
    },
    Decl {
        name: "title case",
        takes: "text: string",
        gives: "string",
        run: |_, args| Ok(title(text(args, 0)).into()),
        example: ("title case(\"aliya BEKOVA\")", "\"Aliya Bekova\""),
        help: [
            "Every word with a capital letter first.",
            "Каждое слово с заглавной буквы.",
            "Әр сөз бас әріптен.",
        ],
    },
    Decl {
        name: "transliterate",
        takes: "text: string",
        gives: "string",
        run: |_, args| Ok(transliterate(text(args, 0)).into()),
        example: ("transliterate(\"Қазақстан\")", "\"Qazaqstan\""),
        help: [
            "Russian and Kazakh Cyrillic in Latin letters.",
            "Русская и казахская кириллица латиницей.",
            "Орыс және қазақ кириллицасы латын әріптерімен.",
        ],
    },
    Decl {
        name: "base64 encode",
        takes: "text: string",
        gives: "string",
        run: |_, args| Ok(STANDARD.encode(text(args, 0)).into()),
        example: ("base64 encode(\"user:pass\")", "\"dXNlcjpwYXNz\""),
        help: [
            "The UTF-8 bytes of a text in base64.",
            "Байты UTF-8 текста в base64.",
            "Мәтіннің UTF-8 байттары base64 түрінде.",
        ],
    },
    Decl {
        name: "base64 decode",
        takes: "text: string",
        gives: "string",
        run: |_, args| {
            let bytes = STANDARD.decode(text(args, 0).trim()).map_err(|_| "this is no base64.")?;
            utf8(bytes)
        },
        example: ("base64 decode(\"dXNlcjpwYXNz\")", "\"user:pass\""),
        help: ["The text behind base64.", "Текст из base64.", "base64 ішіндегі мәтін."],
    },
    Decl {
        name: "hex encode",
        takes: "text: string",
        gives: "string",
        run: |_, args| Ok(hex(text(args, 0).as_bytes()).into()),
        example: ("hex encode(\"kz\")", "\"6b7a\""),
        help: [
            "The UTF-8 bytes of a text in hexadecimal.",
            "Байты UTF-8 текста шестнадцатерично.",
            "Мәтіннің UTF-8 байттары он алтылық түрде.",
        ],
    },
    Decl {
        name: "hex decode",
        takes: "text: string",
        gives: "string",
        run: |_, args| {
            let digits = text(args, 0).trim().as_bytes();
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let bytes: Option<Vec<u8>> = digits
                .chunks(2)
                .map(|pair| Some((digit(*pair.first()?)? * 16 + digit(*pair.get(1)?)?) as u8))
                .collect();
            utf8(bytes.ok_or("this is no hexadecimal text.")?)
        },
        example: ("hex decode(\"6b7a\")", "\"kz\""),
        help: [
            "The text behind hexadecimal bytes.",
            "Текст из шестнадцатеричных байтов.",
            "Он алтылық байттардағы мәтін.",
        ],
    },
    Decl {
        name: "url encode",
        takes: "text: string",
        gives: "string",
        run: |_, args| {
            let mut out = String::new();
            crate::template::percent(text(args, 0), &mut out);
            Ok(out.into())
        },
        example: ("url encode(\"a b/c\")", "\"a%20b%2Fc\""),
        help: [
            "The text as it may stand in a web address.",
            "Текст, как он может стоять в веб-адресе.",
            "Веб-мекенжайда тұра алатын мәтін.",
        ],
    },
    Decl {
        name: "url decode",
        takes: "text: string",
        gives: "string",
        run: url_decode,
        example: ("url decode(\"a%20b\")", "\"a b\""),
        help: [
            "The text behind a part of a web address.",
            "Текст из части веб-адреса.",
            "Веб-мекенжай бөлігіндегі мәтін.",
        ],
    },
    Decl {
        name: "sha256",
        takes: "text: string",
        gives: "string",
        run: |_, args| Ok(hex(&Sha256::digest(text(args, 0))).into()),
        example: ("substring(sha256(\"abc\"), 1, 8)", "\"ba7816bf\""),
        help: [
            "The SHA-256 digest, in hexadecimal.",
            "Дайджест SHA-256, шестнадцатерично.",
            "SHA-256 дайджесті, он алтылық түрде.",
        ],
    },
    Decl {
        name: "hmac sha256",
        takes: "text: string, key: string",
        gives: "string",
        run: |_, args| {
            let mut mac = Hmac::<Sha256>::new_from_slice(text(args, 1).as_bytes())
                .map_err(|_| "the key cannot be used.")?;
            mac.update(text(args, 0).as_bytes());
            Ok(hex(&mac.finalize().into_bytes()).into())
        },
        example: ("substring(hmac sha256(\"abc\", \"key\"), 1, 8)", "\"9c196e32\""),
        help: [
            "The signature of a text with a key (HMAC-SHA-256), in hexadecimal.",
            "Подпись текста ключом (HMAC-SHA-256), шестнадцатерично.",
            "Мәтіннің кілтпен қолтаңбасы (HMAC-SHA-256), он алтылық түрде.",
        ],
    },
    Decl {
        name: "uuid",
        takes: "",
        gives: "string",
        run: uuid,
        example: ("string length(uuid())", "36"),
        help: [
            "An id made from the run's seed and the record: the same again when the run is repeated.",
            "Идентификатор из зерна запуска и записи: при повторе запуска тот же.",
            "Іске қосу тұқымы мен жазбадан алынған идентификатор: қайталағанда сол қалпы.",
        ],
    },
];

fn pad(args: &[Value], left: bool) -> Answer {
    let text = text(args, 0);
    let length = whole(args, 1).filter(|length| (0..=MAX_PAD).contains(length));
    let length = length.ok_or_else(|| format!("the length lies between 0 and {MAX_PAD}."))? as usize;
    let with = arg(args, 2).as_text().unwrap_or(" ");
    if with.is_empty() {
        return Err("the text to fill with is empty.".into());
    }
    let missing = length.saturating_sub(text.chars().count());
    let fill: String = with.chars().cycle().take(missing).collect();
    Ok(if left { format!("{fill}{text}") } else { format!("{text}{fill}") }.into())
}

fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut first = true;
    for c in text.chars() {
        if first {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        first = !(c.is_alphanumeric() || c == '\'');
    }
    out
}

fn transliterate(text: &str) -> String {
    const LETTERS: [(char, &str); 42] = [
        ('а', "a"),
        ('ә', "a"),
        ('б', "b"),
        ('в', "v"),
        ('г', "g"),
        ('ғ', "g"),
        ('д', "d"),
        ('е', "e"),
        ('ё', "yo"),
        ('ж', "zh"),
        ('з', "z"),
        ('и', "i"),
        ('й', "y"),
        ('к', "k"),
        ('қ', "q"),
        ('л', "l"),
        ('м', "m"),
        ('н', "n"),
        ('ң', "ng"),
        ('о', "o"),
        ('ө', "o"),
        ('п', "p"),
        ('р', "r"),
        ('с', "s"),
        ('т', "t"),
        ('у', "u"),
        ('ұ', "u"),
        ('ү', "u"),
        ('ф', "f"),
        ('х', "kh"),
        ('һ', "h"),
        ('ц', "ts"),
        ('ч', "ch"),
        ('ш', "sh"),
        ('щ', "shch"),
        ('ъ', ""),
        ('ы', "y"),
        ('і', "i"),
        ('ь', ""),
        ('э', "e"),
        ('ю', "yu"),
        ('я', "ya"),
    ];
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let lower = c.to_lowercase().next().unwrap_or(c);
        match LETTERS.iter().find(|(letter, _)| *letter == lower) {
            Some((_, latin)) if lower == c => out.push_str(latin),
            Some((_, latin)) => {
                let mut chars = latin.chars();
                out.extend(chars.next().map(|first| first.to_ascii_uppercase()));
                out.push_str(chars.as_str());
            }
            None => out.push(c),
        }
    }
    out
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn utf8(bytes: Vec<u8>) -> Answer {
    String::from_utf8(bytes).map(Value::from).map_err(|_| "the bytes are no text.".into())
}

fn url_decode(_: &mut Cx<'_>, args: &[Value]) -> Answer {
    let bytes = text(args, 0).as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
            let (Some(high), Some(low)) = (digit(at + 1), digit(at + 2)) else {
                return Err("after % two hexadecimal digits are missing.".into());
            };
            out.push((high * 16 + low) as u8);
            at += 3;
        } else {
            out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
            at += 1;
        }
    }
    utf8(out)
}

/// A random-looking id of version 8: from the seed, the record and how many were given under the seed before.
fn uuid(cx: &mut Cx<'_>, _: &[Value]) -> Answer {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&cx.roots.map_or(0, |roots| roots.seed).to_le_bytes());
    let given = cx.roots.map_or(cx.dice, |roots| roots.given.next());
    hasher.update(&given.to_le_bytes());
    let mut record = Vec::new();
    model::json::write_record(cx.record, &mut record);
    hasher.update(&record);
    cx.dice += 1;
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    bytes[6] = (bytes[6] & 0x0F) | 0x80;
    bytes[8] = (bytes[8] & 0x3F) | 0x80;
    let hex = hex(&bytes);
    Ok(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]).into())
}
