//! Gives the shared library its SONAME, and compiles the C shim between the JPEG codec and libjpeg-turbo, where the feature `native-codecs`
//! asks for it.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    name_shared_library();
    #[cfg(feature = "native-codecs")]
    compile_jpeg_shim();
}

/// `libcog.so.0.MINOR` while the version is 0.x, `libcog.so.MAJOR` from 1.0 on: a program that was linked against one interface never starts
/// with another. `nodelete`: threads of the runtime run the library's code, so `dlclose` must not unmap it.
fn name_shared_library() {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    if variable("CARGO_CFG_TARGET_OS") != "linux" {
        return;
    }
    let version = match variable("CARGO_PKG_VERSION_MAJOR").as_str() {
        "0" => format!("0.{}", variable("CARGO_PKG_VERSION_MINOR")),
        major => major.to_owned(),
    };
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libcog.so.{version}");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}

/// `turbojpeg-sys` publishes the directory of its `jpeglib.h`, and links the library that goes with it.
#[cfg(feature = "native-codecs")]
fn compile_jpeg_shim() {
    const SOURCE: &str = "src/codec/jpeg_shim.c";
    println!("cargo:rerun-if-changed={SOURCE}");
    println!("cargo:rerun-if-env-changed=DEP_TURBOJPEG_INCLUDE");
    let include = std::env::var("DEP_TURBOJPEG_INCLUDE").unwrap_or_default();
    cc::Build::new().file(SOURCE).includes(include.split(',').filter(|path| !path.is_empty())).warnings(true).compile("cog_jpeg_shim");
}
