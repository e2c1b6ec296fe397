/** What a report leaves out, whatever somebody's names are. */
import { expect, test } from "bun:test";
import { type Personal, withoutPersonal } from "../../../src/web/health/anonymous.ts";

const OWN: Personal = {
  hosts: ["annas-pi.fritz.box", "annas-pi"],
  users: ["anna", "bob", "pi"],
  homes: ["/srv/people/bob"],
  serials: ["FEETECH-ABC"],
  given: ["blue_sting", "leader"],
};

const left = (text: string) => withoutPersonal(text, OWN);

test("names of machines, users, arms and boards go, wherever they stand in a word of their own", () => {
  expect(left("ssh anna@Annas-Pi.local, annas-pi.fritz.box; /media/anna/STICK")).toBe(
    "ssh USER@HOST.local, HOST; /media/USER/STICK",
  );
  expect(left('leader "blue_sting": anna_blue_sting.json')).toBe('leader "NAME": USER_NAME.json');
  expect(left("1a86:55d3 feetech-abc; Raspberry Pi; bobbin")).toBe("1a86:55d3 SERIAL; Raspberry Pi; bobbin");
});

test("homes go with what is below them, also where a name has blanks", () => {
  expect(left("/home/anna/.cache/huggingface/x.json is not there")).toBe("~ is not there");
  expect(left("/home/carl/My Robots/carl smith/leader.json holds (nothing answers at /run/x.sock)")).toBe(
    "~ holds (nothing answers at /run/x.sock)",
  );
  expect(left('"/root/calibration", /root and /srv/people/bob/arms; /rootless/x')).toBe(
    '"~", ~ and ~; /rootless/x',
  );
});

test("addresses go, and times, versions and ids of USB stay", () => {
  expect(
    left("192.168.1.20:8101, fe80::1ff:fe23:4567:890a%eth0, [::1], 2001:db8::5. dc:a6:32:01:02:03"),
  ).toBe("ADDRESS:8101, ADDRESS, [ADDRESS], ADDRESS. ADDRESS");
  const kept = "2026-01-01T10:00:05.000Z 10:00:05 1a86:55d3 Linux 6.12.47+rpt-rpi-v8 3.10 firmware";
  expect(left(kept)).toBe(kept);
  expect(left("::ffff:10.0.0.7 and 10.0.0.7")).toBe("ADDRESS and ADDRESS");
});

test("serial numbers of boards and machines go, and counts stay", () => {
  expect(left("usb-1a86_USB_Single_Serial_5A46083062-if00")).toBe("usb-1a86_USB_Single_Serial_SERIAL-if00");
  expect(left("/dev/serial/by-id/usb-x-y_WITHOUTDIGITS-if00, A50285BI, 10000000abcdef12")).toBe(
    "/dev/serial/by-id/SERIAL, SERIAL, SERIAL",
  );
  expect(left("12 of 123456789 ticks, 12,345,678 bytes, SO101-E014 leader.bus.silent")).toBe(
    "12 of 123456789 ticks, 12,345,678 bytes, SO101-E014 leader.bus.silent",
  );
});

test("brokers go, and leaders of other machines as messages name them", () => {
  expect(
    left(
      'nothing is heard of the leader "annas-desk/main": the broker mqtts://broker.anna.example:8883 is not trusted',
    ),
  ).toBe('nothing is heard of the leader "NAME": the broker mqtts://HOST is not trusted');
});

test("a leader that was followed before goes, too, and paths stay", () => {
  expect(left("the follower follows the leader annas-desk/left-2 from now on")).toBe(
    "the follower follows the leader NAME from now on",
  );
  expect(left('the leader /dev/ttyACM0, "run/x/y.sock"')).toBe('the leader /dev/ttyACM0, "run/x/y.sock"');
});
