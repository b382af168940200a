#!/usr/bin/env bash
# Two peers on this machine: makes a random file and a torrent of it, starts a seed and a download
# as separate processes that know each other's address, and compares the files.
#
#   examples/two_peers.sh [CUERDA [MEBIBYTES]]
#
# CUERDA is the program (target/release/cuerda), MEBIBYTES the size of the file (512).
# Ends within two minutes, whatever happens, and leaves no process behind.
set -euo pipefail

cuerda=$(realpath "${1:-target/release/cuerda}")
mebibytes=${2:-512}
seconds=100

folder=$(mktemp -d "${TMPDIR:-/tmp}/cuerda-two-peers-XXXXXX")
seed=

finish() {
    status=$?
    if [ -n "$seed" ]; then
        kill "$seed" 2>/dev/null || true
        for _ in {1..100}; do
            kill -0 "$seed" 2>/dev/null || break
            sleep 0.1
        done
        kill -9 "$seed" 2>/dev/null || true
        wait "$seed" 2>/dev/null || true
    fi
    if [ "$status" -ne 0 ]; then
        echo "The demo failed. What the seed said:" >&2
        cat "$folder/seed.log" >&2 2>/dev/null || true
        rm -rf "$folder"
    fi
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
    local port
    for _ in {1..50}; do
        port=$((20000 + RANDOM % 10000))
        if ! listens "$port"; then
            echo "$port"
            return
        fi
    done
    echo "no free port found" >&2
    return 1
}

echo "1. A file of $mebibytes MiB of random bytes, and its torrent"
mkdir "$folder/origin" "$folder/copy"
head -c "$((mebibytes * 1024 * 1024))" /dev/urandom > "$folder/origin/random.bin"
"$cuerda" create "$folder/origin/random.bin" -o "$folder/random.torrent"

seed_port=$(free_port)
echo "2. A seed, which checks the file and listens on port $seed_port"
"$cuerda" seed "$folder/random.torrent" --dir "$folder/origin" --port "$seed_port" \
    > "$folder/seed.log" 2>&1 &
seed=$!
for _ in {1..300}; do
    listens "$seed_port" && break
    kill -0 "$seed" 2>/dev/null || exit 1
    sleep 0.1
done
listens "$seed_port"

echo "3. A download, another process, which is told where the seed is"
timeout --foreground -k 5 "$seconds" "$cuerda" download "$folder/random.torrent" \
    --dir "$folder/copy" --port "$(free_port)" --peer "127.0.0.1:$seed_port" --timeout "$seconds"

echo "4. Byte for byte"
cmp "$folder/origin/random.bin" "$folder/copy/random.bin"
echo "The copy is the same. It is here, with the torrent and the origin:"
echo "  $folder/copy/random.bin"
