# Sourced by ./dev: what the build needs, put in place once. Everything goes to $CACHE (yours, shared by all clones) or
# comes from the system's packages; a second run finds it all and takes a fraction of a second.
#
# Two kinds of machine work: one where rustup may download (it installs what rust-toolchain.toml names), and a Debian that
# reaches nothing but package registries (RUSTUP_AUTO_INSTALL=0 says so, or rustup is missing): there the compiler is
# Debian's own and the standard library for wasm is built once from Debian's sources.

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/orchestrion"
WASM_BINDGEN=$(sed -n 's/^wasm-bindgen = "=\(.*\)"$/\1/p' Cargo.toml)
BINDGEN_HOME="$CACHE/wasm-bindgen-$WASM_BINDGEN"
NODE_TOOLS="$CACHE/npm-$(cksum < tools/package-lock.json | cut -d' ' -f1)"
DEBIAN_RUST="rustc-web cargo-web rust-web-src rust-web-clippy rustfmt-web lld-22 gcc libc6-dev"
WASM_STD=/usr/lib/rustlib/wasm32-unknown-unknown
export CACHE NODE_TOOLS
export PATH="$BINDGEN_HOME/bin:$NODE_TOOLS/node_modules/.bin:$HOME/.cargo/bin:$PATH"
export AXE_JS="$NODE_TOOLS/node_modules/axe-core/axe.min.js"

say() { printf '%s\n' "$*" >&2; }
give_up() { say "cannot go on: $*"; exit 1; }

# Installs Debian packages; on other systems says what to install.
system_packages() {
  command -v apt-get >/dev/null || give_up "please install: $*"
  local sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
  say "installing Debian packages: $*"
  $sudo apt-get update -qq || say "apt-get update failed; going on with the lists that are there"
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null </dev/null \
    || give_up "apt-get install $* failed"
}

# Does the compiler of this folder make a native and a wasm test program?
native_works() { compiles; }
wasm_works() { compiles --target wasm32-unknown-unknown; }
compiles() {
  local dir rc=0; dir=$(mktemp -d)
  printf 'fn main() {}\n' > "$dir/t.rs"
  rustc "$@" --test -o "$dir/t" "$dir/t.rs" >/dev/null 2>&1 || rc=1
  rm -rf "$dir"; return $rc
}
rust_complete() { command -v rustc cargo >/dev/null && wasm_works && native_works && cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1; }

setup_rust() {
  rust_complete && ! wasm_std_stale && return
  if [ "${RUSTUP_AUTO_INSTALL:-1}" != 0 ] && command -v rustup >/dev/null; then
    say "installing the tool-chain that rust-toolchain.toml names, by rustup"
    timeout 900 rustup toolchain install >&2 || say "rustup could not install it"
    rust_complete && return
  fi
  command -v apt-get >/dev/null || give_up "no working Rust with the wasm32-unknown-unknown target; install rustup (https://rustup.rs)"
  setup_debian_rust
  rust_complete || give_up "Debian's Rust is there, but a wasm program does not compile: try 'rustc --target wasm32-unknown-unknown'"
}

# Debian's compiler with a standard library for wasm. Of the folders that rustup manages only this one is told to use it.
setup_debian_rust() {
  [ "$(uname -m)" = x86_64 ] || give_up "without rustup only x86_64 Debian is prepared"
  # shellcheck disable=SC2086
  dpkg -s $DEBIAN_RUST >/dev/null 2>&1 || system_packages $DEBIAN_RUST
  local sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
  local rustlib; rustlib=$(dirname "$WASM_STD")
  $sudo mkdir -p "$rustlib/x86_64-unknown-linux-gnu/bin"
  $sudo ln -sfn /usr/bin/lld-22 "$rustlib/x86_64-unknown-linux-gnu/bin/rust-lld"
  if [ ! -f "$WASM_STD/built-by" ] || wasm_std_stale; then build_wasm_std; fi
  if command -v rustup >/dev/null; then
    rustup toolchain link debian-rust /usr 2>/dev/null || true
    rustup override set debian-rust >/dev/null 2>&1 || give_up "rustup override set debian-rust failed"
  fi
}

# Is there a standard library for wasm that build_wasm_std made, but not as it would make it now?
wasm_std_stale() { [ -f "$WASM_STD/built-by" ] && [ "$(cat "$WASM_STD/built-by")" != "$(wasm_std_name)" ]; }
wasm_std_name() { printf '%s, for size' "$(/usr/bin/rustc -V)"; }

# For size: the module is a tenth smaller, sorting first of all, which is made anew for each type; see docs/performance.md.
build_wasm_std() {
  say "building the standard library for wasm from Debian's sources (half a minute to three)"
  local dir; dir=$(mktemp -d); mkdir "$dir/src"; : > "$dir/src/lib.rs"
  printf '[package]\nname = "std-builder"\nversion = "0.0.0"\n' > "$dir/Cargo.toml"
  # RUSTC is named because a rustup proxy on PATH would answer otherwise; test is needed for test programs
  (cd "$dir" && RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR="$dir/t" /usr/bin/cargo build -q \
    --release --target wasm32-unknown-unknown -Zbuild-std=std,panic_abort,test -Zbuild-std-features=optimize_for_size) \
    || give_up "building the wasm standard library failed"
  rm -f "$dir"/t/wasm32-unknown-unknown/release/deps/libstd_builder-*.rlib
  local sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo rm -rf "$WASM_STD"; $sudo mkdir -p "$WASM_STD/lib"
  $sudo cp "$dir"/t/wasm32-unknown-unknown/release/deps/*.rlib "$WASM_STD/lib/"
  wasm_std_name | $sudo tee "$WASM_STD/built-by" >/dev/null
  # what was compiled with another one does not fit, and cargo does not notice
  rm -rf "$dir" target/wasm32-unknown-unknown
}

# node 18 or newer with npm, and the packages of tools/package-lock.json.
setup_node() {
  [ -f "$NODE_TOOLS/ready" ] && command -v node >/dev/null && return
  { command -v node && command -v npm; } >/dev/null || system_packages nodejs npm
  say "installing the npm tools of tools/package-lock.json"
  mkdir -p "$NODE_TOOLS" && cp tools/package.json tools/package-lock.json "$NODE_TOOLS/"
  npm ci --prefix "$NODE_TOOLS" --no-audit --no-fund --silent </dev/null >&2 || give_up "npm ci failed"
  : > "$NODE_TOOLS/ready"
}

setup_bindgen() {
  [ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $WASM_BINDGEN" ] && return
  say "building wasm-bindgen $WASM_BINDGEN (two to four minutes, once)"
  cargo install -q wasm-bindgen-cli --version "$WASM_BINDGEN" --no-default-features --locked --root "$BINDGEN_HOME" >&2 \
    || cargo install -q wasm-bindgen-cli --version "$WASM_BINDGEN" --no-default-features --root "$BINDGEN_HOME" >&2 \
    || give_up "cargo install wasm-bindgen-cli failed"
}

setup_browser() {
  export CHROMEDRIVER="${CHROMEDRIVER:-$(command -v chromedriver || true)}"
  [ -x "$CHROMEDRIVER" ] && return
  system_packages chromium chromium-driver
  CHROMEDRIVER=$(command -v chromedriver) || give_up "no chromedriver; install Chromium and its driver, or set CHROMEDRIVER"
}
