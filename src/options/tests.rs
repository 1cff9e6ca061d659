use super::*;

#[test]
fn every_default_is_a_value_that_its_setting_takes() {
    Options::from_environment(|_| None).resolve().unwrap();
}

#[test]
fn each_setting_has_its_own_environment_variable() {
    for s in SETTINGS {
        let own = format!("COG_{}", s.key.to_uppercase().replace('.', "_"));
        assert_eq!(s.env.first(), Some(&own.as_str()), "{}", s.key);
    }
}

#[test]
fn the_environment_gives_defaults_and_set_overrides_them() {
    let mut o = Options::from_environment(|name| (name == "INGESTED_BYTES_AT_OPEN").then(|| "32768".to_owned()));
    assert_eq!(o.resolve().unwrap().header_bytes, 32768);
    o.set("io.header_bytes", "4096").unwrap();
    assert_eq!(o.resolve().unwrap().header_bytes, 4096);
}

#[test]
fn wrong_values_are_refused_wherever_they_come_from() {
    assert!(Options::new().set("decode.backend", "gpu").is_err());
    assert!(Options::new().set("io.nonsense", "1").is_err());
    let o = Options::from_environment(|name| (name == "COG_IO_CONCURRENCY").then(|| "many".to_owned()));
    let message = o.resolve().unwrap_err().to_string();
    assert!(message.contains("io.concurrency") && message.contains("COG_IO_CONCURRENCY"), "{message}");
}

#[test]
fn aiocogeos_names_of_read_settings_are_kept() {
    let read = |name: &'static str, value: &'static str| {
        let o = Options::from_environment(move |n| (n == name).then(|| value.to_owned()));
        o.resolve().map(|settings| settings.read)
    };
    assert!(read("", "").unwrap().boundless && !read("BOUNDLESS_READ", "FALSE").unwrap().boundless);
    assert_eq!(read("BOUNDLESS_READ_FILL_VALUE", "-7.5").unwrap().fill, -7.5);
    assert_eq!(read("", "").unwrap().level_choice, LevelChoice::Gdal);
    assert_eq!(read("ZOOM_LEVEL_STRATEGY", "lower").unwrap().level_choice, LevelChoice::Aiocogeo(100.0));
    assert_eq!(read("ZOOM_LEVEL_STRATEGY", "35").unwrap().level_choice, LevelChoice::Aiocogeo(35.0));
    for (name, value) in [("ZOOM_LEVEL_STRATEGY", "101"), ("ZOOM_LEVEL_STRATEGY", "nan"), ("BOUNDLESS_READ_FILL_VALUE", "x")] {
        assert!(read(name, value).is_err(), "{name}={value}");
    }
}

#[test]
fn secrets_are_not_shown_again() {
    let mut o = Options::from_environment(|name| (name == "AWS_SECRET_ACCESS_KEY").then(|| "sesame-1".to_owned()));
    o.set("http.headers", "Cookie: sesame-2").unwrap();
    assert_eq!((o.get("aws.secret_access_key").unwrap(), o.get("http.headers").unwrap()), ("***", "***"));
    assert_eq!(o.get("aws.session_token").unwrap(), "");
    let shown = format!("{o:?} {:?}", o.resolve().unwrap());
    assert!(!shown.contains("sesame"), "{shown}");
    assert_eq!(o.resolve().unwrap().aws.redact("a sesame-1 b"), "a *** b");
}

#[test]
fn credentials_of_the_program_displace_those_of_the_environment() {
    let environment = |name: &str| match name {
        "AWS_ACCESS_KEY_ID" => Some("key".to_owned()),
        "AWS_SESSION_TOKEN" => Some("token".to_owned()),
        "AWS_REGION" => Some("eu-west-1".to_owned()),
        "AWS_PROFILE" => Some(String::new()),
        _ => None,
    };
    let mut o = Options::from_environment(environment);
    let aws = o.resolve().unwrap().aws;
    assert_eq!((aws.get("access_key_id"), aws.get("session_token"), aws.has("profile")), ("key", "token", false));
    o.set("aws.profile", "other").unwrap();
    let aws = o.resolve().unwrap().aws;
    assert_eq!((aws.has("access_key_id"), aws.has("session_token")), (false, false));
    assert_eq!((aws.get("profile"), aws.get("region")), ("other", "eu-west-1"));
}

#[test]
fn merging_can_be_switched_off_by_its_old_name() {
    let mut o = Options::from_environment(|_| None);
    assert!(o.resolve().unwrap().merge_gap.is_some());
    o.set("HTTP_MERGE_CONSECUTIVE_RANGES", "FALSE").unwrap();
    assert!(o.resolve().unwrap().merge_gap.is_none());
}
