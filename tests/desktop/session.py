"""The rest of a person's desktop, for tests: whoever shows notices, whoever shows the tray, and a look at the screen.

Speaks JSON lines. Out: {"ready": true}, {"notice": {id, title, body, actions}}, {"tray": id}, and an answer to each line that came in.
In: {"click": id}, {"labels": true}, {"choose": "label"}, {"picture": "file.png"}, {"text": true}.
"""

import json
import sys

import gi

gi.require_version("Gdk", "3.0")
from gi.repository import Gdk, Gio, GLib  # noqa: E402

NOTICES = "org.freedesktop.Notifications"
WATCHER = "org.kde.StatusNotifierWatcher"
MENU = "com.canonical.dbusmenu"

INTERFACES = """
<node>
  <interface name="org.freedesktop.Notifications">
    <method name="Notify">
      <arg direction="in" type="s"/><arg direction="in" type="u"/><arg direction="in" type="s"/><arg direction="in" type="s"/>
      <arg direction="in" type="s"/><arg direction="in" type="as"/><arg direction="in" type="a{sv}"/><arg direction="in" type="i"/>
      <arg direction="out" type="u"/>
    </method>
    <signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
  </interface>
  <interface name="org.kde.StatusNotifierWatcher">
    <method name="RegisterStatusNotifierItem"><arg direction="in" type="s"/></method>
    <method name="RegisterStatusNotifierHost"><arg direction="in" type="s"/></method>
    <property name="IsStatusNotifierHostRegistered" type="b" access="read"/>
    <property name="ProtocolVersion" type="i" access="read"/>
    <property name="RegisteredStatusNotifierItems" type="as" access="read"/>
    <signal name="StatusNotifierHostRegistered"/>
  </interface>
</node>
"""


def say(**told):
    print(json.dumps(told), flush=True)


class Session:
    def __init__(self):
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        self.last = 0
        self.item = None
        notices, watcher = Gio.DBusNodeInfo.new_for_xml(INTERFACES).interfaces
        self.bus.register_object("/org/freedesktop/Notifications", notices, self.notify, None, None)
        self.bus.register_object("/StatusNotifierWatcher", watcher, self.watch, self.read, None)
        self.waits = 2
        for name in (NOTICES, WATCHER):
            Gio.bus_own_name_on_connection(self.bus, name, Gio.BusNameOwnerFlags.NONE, self.owned, None)

    def owned(self, _bus, _name):
        self.waits -= 1
        if self.waits == 0:
            say(ready=True)

    def notify(self, _bus, _sender, _path, _interface, _method, params, call):
        _app, _replaces, _icon, title, body, actions, _hints, _timeout = params.unpack()
        self.last += 1
        call.return_value(GLib.Variant("(u)", (self.last,)))
        say(notice={"id": self.last, "title": title, "body": body, "actions": actions})

    def watch(self, _bus, sender, _path, _interface, method, params, call):
        if method == "RegisterStatusNotifierItem":
            said = params.unpack()[0]
            self.item = (sender, said if said.startswith("/") else "/StatusNotifierItem")
            say(tray=self.item[1])
        call.return_value(None)

    def read(self, _bus, _sender, _path, _interface, name):
        values = {
            "IsStatusNotifierHostRegistered": GLib.Variant("b", True),
            "ProtocolVersion": GLib.Variant("i", 0),
            "RegisteredStatusNotifierItems": GLib.Variant("as", [self.item[0]] if self.item else []),
        }
        return values[name]

    def ask(self, interface, path, method, params):
        return self.bus.call_sync(self.item[0], path, interface, method, params, None, 0, 5000, None).unpack()

    def menu(self):
        """The items of the tray's menu: [(number, label)]."""
        properties = "org.freedesktop.DBus.Properties"
        wanted = GLib.Variant("(ss)", ("org.kde.StatusNotifierItem", "Menu"))
        (path,) = self.ask(properties, self.item[1], "Get", wanted)
        _, (_, _, items) = self.ask(MENU, path, "GetLayout", GLib.Variant("(iias)", (0, -1, [])))
        return path, [(number, about.get("label", "").replace("_", "")) for number, about, _ in items]

    def choose(self, label):
        path, items = self.menu()
        number = next(number for number, it in items if it == label)
        event = GLib.Variant("(isvu)", (number, "clicked", GLib.Variant("i", 0), 0))
        # nobody waits for the answer: who was told to quit may be gone before it gives one
        self.bus.call(self.item[0], path, MENU, "Event", event, None, 0, -1, None, None)
        self.bus.flush_sync()

    def obey(self, order):
        if "click" in order:
            signal = GLib.Variant("(us)", (order["click"], "default"))
            self.bus.emit_signal(None, "/org/freedesktop/Notifications", NOTICES, "ActionInvoked", signal)
            return True
        if "labels" in order:
            return [label for _, label in self.menu()[1] if label]
        if "choose" in order:
            self.choose(order["choose"])
            return True
        if "picture" in order:
            root = Gdk.get_default_root_window()
            picture = Gdk.pixbuf_get_from_window(root, 0, 0, root.get_width(), root.get_height())
            picture.savev(order["picture"], "png", [], [])
            return True
        raise ValueError(f"unknown order {order}")

    def heard(self, channel, _condition):
        line = channel.readline()
        if not line:
            GLib.MainLoop.quit(LOOP)
            return False
        try:
            say(answer=self.obey(json.loads(line)))
        except Exception as why:  # whatever it is, the test that asked shows it
            say(error=f"{type(why).__name__}: {why}")
        return True


LOOP = GLib.MainLoop()
SESSION = Session()
GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, SESSION.heard)
LOOP.run()
