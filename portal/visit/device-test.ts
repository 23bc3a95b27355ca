// The device test before the day of the visit: the same tests, and three words as their result.
import { Doors } from "./api.ts";
import { DeviceCheck } from "./devices.ts";
import { part, put } from "./dom.ts";
import { Memory } from "./memory.ts";
import { say } from "./words.ts";

const visit = part("test").dataset.visit ?? "";
let well: boolean | undefined;

const check: DeviceCheck = new DeviceCheck(
  // Opened without a visit there is nobody to tell: the result is for the person alone.
  visit ? new Doors(visit) : null,
  new Memory(`test ${visit}`),
  show,
  (passedOn) => {
    well = passedOn;
    show();
  },
);

function show(): void {
  const text =
    check.active || well === undefined ? "" : say(well ? "check_passed_on" : "check_not_passed_on");
  put(part("devices-passed-on"), text);
}

// The page's other parameters go along when the language is changed.
const link = document.querySelector<HTMLAnchorElement>("footer a[hreflang]");
if (link) {
  const address = new URL(window.location.href);
  address.searchParams.set("lang", link.hreflang);
  link.href = address.href;
}
