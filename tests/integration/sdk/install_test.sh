#!/usr/bin/env bash
# Installs the SDK alone and builds the template against it, out of tree, as a vendor would; then breaks
# the copy in several ways and expects the build to refuse.
#   install_test.sh BUILD_DIR LIFE_TEST
set -euo pipefail
export CMAKE_GENERATOR=Ninja  # what a machine has that builds this tree
build=$1
life=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
quiet() { "$@" > "$work/log" 2>&1 || { cat "$work/log" >&2; fail "$*"; }; }

quiet cmake --install "$build" --component sdk --prefix "$work/prefix"
for private in base wire manifest event_loop; do
  [ -z "$(find "$work/prefix" -ipath "*/$private/*" -o -name "$private.h")" ] || fail "$private/ was installed"
done

cp -r "$work/prefix/share/busbar/template" "$work/vendor"
quiet cmake -S "$work/vendor" -B "$work/out" -DCMAKE_PREFIX_PATH="$work/prefix"
if grep -q "$(cd "$(dirname "$0")/../../.." && pwd)" "$work/out/CMakeCache.txt"; then
  fail "the vendor's build sees this tree"
fi
quiet cmake --build "$work/out"
quiet ctest --test-dir "$work/out"

driver=$work/out/drivers/display
[ "$(ls "$driver" | tr '\n' ' ')" = "display.so manifest.json " ] || fail "the driver's folder holds: $(ls "$driver")"
[ "$(nm -D --defined-only "$driver/display.so" | awk '{print $3}')" = busbar_entry_1 ] || fail "exports more than the entry"
objcopy --dump-section .busbar.manifest="$work/embedded" "$driver/display.so" /dev/null
cmp "$work/embedded" "$driver/manifest.json" || fail "the embedded manifest differs"
readelf -Wd "$driver/display.so" > "$work/dynamic"
readelf -Wl "$driver/display.so" > "$work/segments"
grep -q BIND_NOW "$work/dynamic" || fail "not bound at once"
grep -q GNU_RELRO "$work/segments" || fail "no RELRO"
grep -q 'GNU_STACK.* RW ' "$work/segments" || fail "the stack is executable"
readelf -Wn "$driver/display.so" > "$work/notes"
grep -q 'Build ID' "$work/notes" || fail "no build id"
grep -q 'description data: 42 52 53 42 01 00 00 00' "$work/notes" || fail "no Busbar note"
strip -o "$work/stripped.so" "$driver/display.so"
readelf -WS "$work/stripped.so" | grep -q .busbar.manifest || fail "strip drops the manifest"
mkdir "$work/life"
cp "$driver/display.so" "$work/life/display.so"
cp "$driver/manifest.json" "$work/life/display.json"
BUSBAR_BUILD=$build BUSBAR_DRIVERS=$work/life quiet "$life"

# refused NAME FILE SED-EXPRESSION EXPECTED: the build of a changed copy must fail with that text.
refused() {
  cp "$work/vendor/$2" "$work/keep"
  sed -i "$3" "$work/vendor/$2"
  cmp -s "$work/keep" "$work/vendor/$2" && fail "$1: the change changes nothing"
  if cmake --build "$work/out" > "$work/log" 2>&1; then fail "$1: built nevertheless"; fi
  grep -q -- "$4" "$work/log" || { cat "$work/log" >&2; fail "$1: another message"; }
  cp "$work/keep" "$work/vendor/$2"
}
refused "bad manifest" manifest.json 's/"tcp"/"telepathy"/' '/links/0/kind must be one of'
refused "broken interface" manifest.json 's/"key": "power"/"key": "on"/' 'status power is not declared'
refused "unknown function" display.cc 's/fn("power"/fn("pover"/' 'names one that manifest.json lacks'
refused "wrong parameter" display.cc 's/bool state)/int state)/' 'the C++ parameter cannot take'
refused "other parameters" display.cc 's/Call call, bool state)/Call call)/; s/encodePower(state)/encodePower(true)/; s/\[this, state\]/[this]/g; s/power_ = state/power_ = true/' 'has other parameters'
refused "function left out" display.cc 's/std::make_tuple(busbar::fn("power", &Display::power),/std::make_tuple(/' 'that is not registered'
refused "unknown status" display.cc 's/keys::input>/keys::inputt>/' 'inputt'
refused "undefined symbol" codec.cc 's/return {Reply::Kind::Unknown, {}};/extern int missing(); return {missing() == 0 ? Reply::Kind::Unknown : Reply::Kind::Ok, {}};/' 'missing'
quiet cmake --build "$work/out"
echo "the installed SDK builds the template and refuses what does not fit"
