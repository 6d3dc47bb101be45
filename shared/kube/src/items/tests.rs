use super::*;

fn read(json: &str, piece: usize) -> Result<(Vec<String>, ListMeta), String> {
    let mut reader = ListReader::new();
    let mut seen = Vec::new();
    for bytes in json.as_bytes().chunks(piece) {
        reader.push(bytes, &mut |element| {
            seen.push(String::from_utf8_lossy(element).trim().to_owned());
            Ok(())
        })?;
    }
    Ok((seen, reader.finish()?))
}

const LIST: &str = r#" {"kind":"PodList","metadata":{"resourceVersion":"7","continue":"abc"},"other":[{"items":[1]}],
    "items":[ {"a":"}],\"{"}, {"b":[[],{}]},{} ,null, 12],"n":-1.5e3,"t":true } "#;

#[test]
fn elements_are_cut_out_wherever_the_body_is_torn_k09() {
    for piece in 1..LIST.len() {
        let (seen, meta) = read(LIST, piece).unwrap();
        assert_eq!(
            seen,
            [r#"{"a":"}],\"{"}"#, r#"{"b":[[],{}]}"#, "{}", "null", "12"],
            "pieces of {piece}"
        );
        assert_eq!(meta.r#continue.as_deref(), Some("abc"));
    }
}

#[test]
fn null_items_and_null_metadata_are_an_empty_list_k26() {
    let (seen, meta) = read(r#"{"metadata":null,"items":null}"#, 3).unwrap();
    assert!(seen.is_empty());
    assert_eq!(meta, ListMeta::default());
}

#[test]
fn a_list_cut_anywhere_is_an_error_never_a_shorter_list_k07() {
    let whole = LIST.trim();
    for cut in 0..whole.len() {
        assert!(read(&whole[..cut], 4096).is_err(), "cut at {cut}");
    }
}

#[test]
fn what_is_not_a_list_is_refused() {
    for json in [
        "<html>",
        "[]",
        "null",
        "{}",
        r#"{"items":{}}"#,
        r#"{"kind":"Status"}"#,
        "{\"items\":[]}x",
        "{\"items\":[}",
        "{\"items\":[{}}",
    ] {
        assert!(read(json, 4096).is_err(), "{json}");
    }
}

#[test]
fn what_is_held_does_not_grow_with_the_list_k09() {
    let mut reader = ListReader::new();
    let mut elements = 0_u32;
    let pod = format!(r#",{{"metadata":{{"name":"{}"}}}}"#, "x".repeat(8000));
    reader.push(br#"{"items":[{}"#, &mut |_| Ok(())).unwrap();
    for _ in 0..2000 {
        for piece in pod.as_bytes().chunks(3000) {
            reader
                .push(piece, &mut |_| {
                    elements += 1;
                    Ok(())
                })
                .unwrap();
        }
    }
    reader.push(b"]}", &mut |_| Ok(())).unwrap();
    assert_eq!(elements, 2000);
    assert!(reader.finish().is_ok());
    assert!(reader.held.capacity() < 32 * 1024, "{}", reader.held.capacity());
}

#[test]
fn an_endless_element_is_refused_k09() {
    let mut reader = ListReader::new();
    reader.push(b"{\"items\":[\"", &mut |_| Ok(())).unwrap();
    let more = vec![b'x'; 64 * 1024];
    let refused = (0..1000).find_map(|_| reader.push(&more, &mut |_| Ok(())).err());
    assert!(refused.unwrap().contains("larger than"));
}
