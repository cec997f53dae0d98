"""A BitTorrent peer that speaks uTP alone (libtorrent), telling in JSON, one event a line. Ends when its standard input does.

peer.py seed FILE                 offers the file: {"event":"seeding","port":N,"infohash":HEX,"pieceLength":N,"pieces":[SHA-1 in HEX,...]}
peer.py fetch FILE PORT FOLDER    fetches it, known by its torrent alone, into FOLDER from the peer at PORT of loopback:
                                  {"event":"fetching","infohash":HEX,"pieceLength":N,"pieces":...}, {"event":"fetched","bytes":N,"sha256":HEX}
"""
import hashlib
import json
import os
import sys
import threading
import time

import libtorrent as lt

PIECE_LENGTH = 64 * 1024

# With CRUST_TRACE all it does goes to standard error.
TRACES = "CRUST_TRACE" in os.environ
CATEGORIES = lt.alert.category_t
ALERTS = CATEGORIES.all_categories if TRACES else CATEGORIES.status_notification | CATEGORIES.storage_notification


def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


def make_torrent(path):
    storage = lt.file_storage()
    storage.add_file(os.path.basename(path), os.path.getsize(path))
    torrent = lt.create_torrent(storage, PIECE_LENGTH, lt.create_torrent.v1_only)
    lt.set_piece_hashes(torrent, os.path.dirname(path))
    return lt.torrent_info(torrent.generate())


def facts(info):
    return {
        "infohash": str(info.info_hash()),
        "pieceLength": info.piece_length(),
        "pieces": [info.hash_for_piece(i).hex() for i in range(info.num_pieces())],
    }


def open_session():
    disabled = 2  # Of enc_policy: no obfuscation, plain peer wire.
    return lt.session({
        "listen_interfaces": "127.0.0.1:0",
        "enable_incoming_tcp": False, "enable_outgoing_tcp": False,
        "enable_incoming_utp": True, "enable_outgoing_utp": True,
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "in_enc_policy": disabled, "out_enc_policy": disabled,
        "allow_multiple_connections_per_ip": True,
        "alert_mask": ALERTS,
    })


def udp_port(session):
    while True:
        session.wait_for_alert(1000)
        for alert in session.pop_alerts():
            if isinstance(alert, lt.listen_succeeded_alert) and "utp" in alert.message().lower():
                return alert.port


def add(session, info, folder, is_complete):
    parameters = lt.add_torrent_params()
    parameters.ti = info
    parameters.save_path = folder
    if is_complete:
        parameters.flags |= lt.torrent_flags.seed_mode
    parameters.flags &= ~lt.torrent_flags.auto_managed
    parameters.flags &= ~lt.torrent_flags.paused
    return session.add_torrent(parameters)


def pump(session):
    session.wait_for_alert(200)
    alerts = session.pop_alerts()
    for alert in alerts:
        if TRACES:
            print(type(alert).__name__, alert.message(), file=sys.stderr, flush=True)
    return alerts


def seed(path):
    session = open_session()
    port = udp_port(session)
    info = make_torrent(path)
    handle = add(session, info, os.path.dirname(path), True)
    while not handle.status().is_seeding:
        pump(session)
    tell("seeding", port=port, **facts(info))
    while True:
        pump(session)


def fetch(path, port, folder):
    session = open_session()
    udp_port(session)
    info = make_torrent(path)
    handle = add(session, info, folder, False)
    tell("fetching", **facts(info))
    dialled = 0.0
    while not handle.status().is_seeding:
        # Dialling too early is ignored by a torrent that is still being checked.
        if handle.status().num_peers == 0 and time.monotonic() - dialled > 2:
            dialled = time.monotonic()
            handle.connect_peer(("127.0.0.1", port))
        pump(session)
    # What was fetched is written by another thread.
    handle.flush_cache()
    while not any(isinstance(alert, lt.cache_flushed_alert) for alert in pump(session)):
        pass
    with open(os.path.join(folder, os.path.basename(path)), "rb") as file:
        content = file.read()
    tell("fetched", bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def end_with_input():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
if sys.argv[1] == "seed":
    seed(sys.argv[2])
else:
    fetch(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    while True:
        time.sleep(1)
