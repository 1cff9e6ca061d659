//! Profiles of the AWS tools' config and credentials files
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>).
//!
//! Keys, region, endpoint and web identity are read. Profiles whose keys only another program or a login can get are refused by name: roles
//! through `source_profile` or `credential_source`, `credential_process`, SSO.

use crate::error::{Error, Reason, Result};
use crate::options::Section;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A file of more bytes is none of these.
const MOST_BYTES: u64 = 1 << 20;

/// What a profile says, by the names that the files use.
#[derive(Default, PartialEq)]
pub(super) struct Profile(HashMap<String, String>);

impl Profile {
    /// The profile that the settings name, or else `default`. `None` where none is named and there is no default.
    pub(super) fn load(settings: &Section) -> Result<Option<Self>> {
        let named = settings.get("profile");
        let name = if named.is_empty() { "default" } else { named };
        let config = read(&path(settings.get("config_file"), "config"), settings.has("config_file"))?;
        let credentials = read(&path(settings.get("shared_credentials_file"), "credentials"), settings.has("shared_credentials_file"))?;
        let of_config = |title: &str| {
            let rest = title.strip_prefix("profile").filter(|rest| rest.starts_with([' ', '\t']));
            rest.is_some_and(|rest| rest.trim().trim_matches(['"', '\'']) == name) || (title == name && name == "default")
        };
        // The credentials file wins.
        let (values, keys) = (section(&config, of_config), section(&credentials, |title| title == name));
        match (values, keys) {
            (None, None) if named.is_empty() => Ok(None),
            (None, None) => Err(Error::invalid(format!(
                "there is no AWS profile {name:?} (aws.profile) in {} or {}",
                path(settings.get("config_file"), "config").display(),
                path(settings.get("shared_credentials_file"), "credentials").display()
            ))),
            (config, credentials) => {
                let mut all = config.unwrap_or_default();
                all.extend(credentials.unwrap_or_default());
                Ok(Some(Self(all)))
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// An error where the profile's keys are to be had in a way that is not supported.
    pub(super) fn check(&self) -> Result<()> {
        if self.has("aws_access_key_id") {
            return Ok(());
        }
        let why = if self.has("sso_session") || self.has("sso_start_url") {
            "gets its keys by SSO"
        } else if self.has("credential_process") {
            "gets its keys from a program (credential_process)"
        } else if self.has("role_arn") && !self.has("web_identity_token_file") {
            "gets its keys by assuming a role (role_arn with source_profile or credential_source)"
        } else {
            return Ok(());
        };
        let message = format!(
            "the AWS profile {why}, which is not supported; `aws configure export-credentials --format env` gives them as variables"
        );
        Err(Reason::Unsupported(message).into())
    }
}

/// The file that the settings name, or else `~/.aws/NAME`.
fn path(setting: &str, name: &str) -> PathBuf {
    let home = || std::env::home_dir().unwrap_or_default();
    match setting.strip_prefix("~/") {
        Some(rest) => home().join(rest),
        None if setting.is_empty() => home().join(".aws").join(name),
        None => setting.into(),
    }
}

/// A file that is not there is empty, unless the settings name it.
fn read(path: &Path, named: bool) -> Result<String> {
    let unreadable = |e: std::io::Error| Error::invalid(format!("{}: {e} (aws.config_file, aws.shared_credentials_file)", path.display()));
    match std::fs::metadata(path) {
        Ok(file) if file.len() > MOST_BYTES => Err(Error::invalid(format!("{} is too large for a file of AWS profiles", path.display()))),
        Ok(_) => std::fs::read_to_string(path).map_err(unreadable),
        Err(e) if named => Err(unreadable(e)),
        Err(_) => Ok(String::new()),
    }
}

/// The values below the titles that fit; `None` where there is no such title.
fn section(text: &str, fits: impl Fn(&str) -> bool) -> Option<HashMap<String, String>> {
    let mut found = None;
    let mut inside = false;
    // After `s3 =` come settings of s3, each indented.
    let mut nested = false;
    for line in text.lines() {
        let indented = line.starts_with([' ', '\t']);
        if (indented && nested) || line.trim_start().starts_with(['#', ';']) {
            continue;
        }
        if let Some(title) = line.trim().strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            nested = false;
            inside = fits(title.0.trim());
            if inside {
                found.get_or_insert_with(HashMap::new);
            }
        } else if let Some((name, value)) = line.split_once('=') {
            // A comment begins with a white space: a secret key may hold a # .
            let value = [" #", " ;", "\t#", "\t;"].iter().fold(value, |value, mark| value.split(mark).next().unwrap_or_default()).trim();
            nested = value.is_empty();
            if inside && !nested {
                found.get_or_insert_with(HashMap::new).insert(name.trim().to_ascii_lowercase(), value.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "# comment\n[default]\nregion = eu-west-1\ns3 =\n  region = nested\n[profile a]\nregion=us-west-2 ; why\n\
        [profile sso]\nsso_session = x\n[profile role]\nrole_arn = arn:x\nsource_profile = a\n[profile run]\ncredential_process = /bin/x\n[b]\nregion = no\n\
        [profile \"my own\"]\n  region = eu-south-1\n[profilemine]\nregion = no\n";
    const CREDENTIALS: &str = "[a]\naws_access_key_id = AKIA\naws_secret_access_key = se#cret/+\n[profile b]\naws_access_key_id = no\n";

    fn load(profile: &str) -> Result<Option<Profile>> {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let (config, credentials) = (file("config", CONFIG), file("credentials", CREDENTIALS));
        let values = [("profile", profile.to_owned()), ("config_file", config), ("shared_credentials_file", credentials)];
        Profile::load(&Section::new("aws", values.into_iter()))
    }

    #[test]
    fn a_profile_is_put_together_from_both_files() {
        let profile = load("a").unwrap().unwrap();
        assert_eq!((profile.get("region"), profile.get("aws_access_key_id")), ("us-west-2", "AKIA"));
        assert_eq!(profile.get("aws_secret_access_key"), "se#cret/+");
        profile.check().unwrap();
        assert_eq!(load("my own").unwrap().unwrap().get("region"), "eu-south-1");
        assert!(load("mine").is_err());
        let default = load("").unwrap().unwrap();
        assert_eq!((default.get("region"), default.has("aws_access_key_id")), ("eu-west-1", false));
    }

    #[test]
    fn a_profile_that_is_named_must_be_there_under_its_title() {
        let message = load("b").err().unwrap().to_string();
        assert!(message.contains("no AWS profile \"b\""), "{message}");
    }

    #[test]
    fn profiles_whose_keys_come_from_elsewhere_are_refused_by_name() {
        for (name, words) in [("sso", "SSO"), ("role", "source_profile"), ("run", "credential_process")] {
            let message = load(name).unwrap().unwrap().check().unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
        }
    }
}
