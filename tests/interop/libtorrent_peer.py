"""A libtorrent peer for the interoperability tests.

libtorrent_peer.py ROLE IP PORT TORRENT DIR [IP:PORT ...]

ROLE is seed or download. Dials the addresses at the end. Prints READY when it listens and its
files are checked, COMPLETE when a download is verified and written. Ends on SIGTERM.
"""
import signal
import sys

import libtorrent as lt

role, ip, port, torrent, folder = sys.argv[1:6]
category = lt.alert.category_t
session = lt.session({
    "listen_interfaces": f"{ip}:{port}",
    "outgoing_interfaces": ip,
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_outgoing_utp": False,
    "enable_incoming_utp": False,
    "out_enc_policy": 2,  # none, so that what crosses the wire can be read in a capture
    "in_enc_policy": 2,
    "min_reconnect_time": 1,
    "allow_multiple_connections_per_ip": True,  # many peers of a test share 127.0.0.1
    "alert_mask": category.status_notification | category.error_notification
                  | category.storage_notification | category.peer_notification,
})
parameters = lt.add_torrent_params()
parameters.ti = lt.torrent_info(torrent)
parameters.save_path = folder
parameters.flags &= ~lt.torrent_flags.auto_managed
parameters.flags &= ~lt.torrent_flags.paused
handle = session.add_torrent(parameters)

awaited = {"listening", "checked"}


def reached(event):
    """Notes that something awaited has come; with the last of them, tells and dials."""
    if event not in awaited:
        return
    awaited.remove(event)
    if not awaited:
        print("READY", flush=True)
        for address in sys.argv[6:]:
            their_ip, their_port = address.rsplit(":", 1)
            handle.connect_peer((their_ip, int(their_port)))


stopped = []
signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
while not stopped:
    session.wait_for_alert(100)
    for alert in session.pop_alerts():
        if isinstance(alert, lt.torrent_checked_alert):
            if role == "seed" and not handle.status().is_seeding:
                print("the data on disk is not what the torrent says", file=sys.stderr, flush=True)
                sys.exit(1)
            reached("checked")
        elif isinstance(alert, lt.listen_succeeded_alert):
            reached("listening")
        elif isinstance(alert, lt.torrent_finished_alert) and role == "download":
            handle.flush_cache()  # "finished" comes before the last writes
        elif isinstance(alert, lt.cache_flushed_alert) and role == "download":
            print("COMPLETE", flush=True)
        elif alert.category() & (category.error_notification | category.peer_notification):
            print(alert.message(), file=sys.stderr, flush=True)
