//! Prints CRSs for `compare.py`: for each line of the input, an EPSG code or a path, one line of JSON with `epsg`, `wkt` and `projjson`.

use cog::{Crs, Dataset, Options};
use serde_json::{Value, json};
use std::io::BufRead;

fn main() {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        println!("{}", describe(&line));
    }
}

fn describe(line: &str) -> Value {
    let Ok(code) = line.parse() else { return of_file(line) };
    let crs = Crs::from_epsg(code);
    json!({"of": line, "epsg": code, "wkt": crs.as_ref().map(Crs::to_wkt), "projjson": crs.as_ref().map(Crs::to_projjson)})
}

fn of_file(path: &str) -> Value {
    let dataset = match Dataset::open(path, &Options::default()) {
        Ok(dataset) => dataset,
        Err(error) => return json!({"of": path, "error": error.to_string()}),
    };
    match dataset.crs() {
        Ok(crs) => json!({"of": path, "epsg": dataset.epsg(), "wkt": crs.map(Crs::to_wkt), "projjson": crs.map(Crs::to_projjson)}),
        Err(error) => json!({"of": path, "error": error.to_string()}),
    }
}
