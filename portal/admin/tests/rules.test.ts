/** The portal's own small rules: configuration, region, settings, funnel, outbox, problems. */
import { describe, expect, it } from "vitest";
import { ApiProblem, asProblem, isWorthRetrying, NoAnswer } from "../src/api/problem.ts";
import { checkedConfig } from "../src/app/config.ts";
import { logoProblem } from "../src/pages/connections/logo.ts";
import { nameOf } from "../src/pages/connections/names.ts";
import {
  changedAt,
  GROUPS,
  groupsFor,
  labelOf,
  STANDARD,
  valueAt,
  wordOf,
} from "../src/pages/connections/settings.ts";
import { kindsOf, replayAll } from "../src/pages/outbox/kinds.ts";
import { type FunnelDay, funnelCsv, lastDays, totals } from "../src/pages/visits/funnel.ts";
import { steppedTo } from "../src/parts/steps.ts";
import { isReturning, safePath } from "../src/session/manager.ts";
import { namedRegion, settledRegion } from "../src/session/region.ts";

const CONFIG = {
  regions: [{ geography: "emea", apiBaseUrl: "https://emea.example/" }],
  authority: "https://login.example/organizations/v2.0",
  clientId: "c",
  scope: "s",
};

describe("config.json", () => {
  it("loses the slash at the end of an address", () => {
    expect(checkedConfig(CONFIG).regions[0]?.apiBaseUrl).toBe("https://emea.example");
  });

  it.each([
    null,
    [],
    {},
    { ...CONFIG, regions: [] },
    { ...CONFIG, authority: "nowhere" },
    { ...CONFIG, scope: 1 },
  ])("is refused as %j", (wrong) => {
    expect(() => checkedConfig(wrong)).toThrow(/config\.json/);
  });
});

describe("sign-in", () => {
  it.each(["//evil.example", "/\\evil.example", "https://evil.example", "", undefined, 5])(
    "never goes on to %j",
    (path) => {
      expect(safePath(path)).toBe("/");
    },
  );

  it("goes back to where it began", () => {
    expect(safePath("/approve/a1?ehr=done")).toBe("/approve/a1?ehr=done");
  });

  it("knows its own way back", () => {
    expect(isReturning("?code=1&state=2")).toBe(true);
    expect(isReturning("?error=access_denied&state=2")).toBe(true);
    expect(isReturning("?ehr=done")).toBe(false);
  });
});

describe("the region", () => {
  const me = (known: boolean) => ({
    tenant: "t",
    geography: "emea",
    known,
    objectId: "o",
    roles: [],
    isAdmin: true,
    isAuditor: false,
  });
  const at = (geography: string, known?: boolean) => ({
    region: { geography, apiBaseUrl: `https://${geography}.example` },
    ...(known === undefined ? { error: new Error("silent") } : { me: me(known) }),
  });

  it("is the one that knows the tenant, whatever was chosen", () => {
    expect(settledRegion([at("amer", false), at("emea", true)], "amer")?.region.geography).toBe("emea");
    expect(settledRegion([at("amer"), at("emea", true)], null)?.region.geography).toBe("emea");
  });

  it("is the one that the address names while a tenant moves, if it answers", () => {
    const moving = [at("amer", true), at("emea", false)];
    expect(settledRegion(moving, null, "emea")?.region.geography).toBe("emea");
    expect(settledRegion(moving, null, "apac")?.region.geography).toBe("amer");
    expect(settledRegion([at("amer", true), at("emea")], null, "emea")?.region.geography).toBe("amer");
  });

  it("stays named for as long as the tab is open", () => {
    const kept = new Map<string, string>();
    const tab = {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => kept.set(name, value),
    } as unknown as Storage;
    expect(namedRegion("", tab)).toBeNull();
    expect(namedRegion("?region=apac", tab)).toBe("apac");
    expect(namedRegion("?consent=given", tab)).toBe("apac");
    expect(namedRegion("?region=emea", tab)).toBe("emea");
  });

  it("is nobody's choice while one that may know the tenant is silent", () => {
    expect(settledRegion([at("amer"), at("emea", false)], "emea")).toBeUndefined();
  });

  it("needs no choice where there is one", () => {
    expect(settledRegion([at("emea", false)], null)?.region.geography).toBe("emea");
  });

  it("is chosen where there are several", () => {
    expect(settledRegion([at("amer", false), at("emea", false)], null)).toBeUndefined();
    expect(settledRegion([at("amer", false), at("emea", false)], "amer")?.region.geography).toBe("amer");
  });
});

describe("settings", () => {
  const fields = GROUPS.flatMap((group) => group.fields);

  function leaves(value: unknown, prefix = ""): string[] {
    return typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([name, inner]) => leaves(inner, prefix ? `${prefix}.${name}` : name))
      : [prefix];
  }

  it("are all on the form", () => {
    expect(fields.map(({ path }) => path).sort()).toEqual(leaves(STANDARD).sort());
  });

  it("change one at a time and leave the old as it was", () => {
    const before = structuredClone(STANDARD);
    for (const field of fields) {
      const switched = String(valueAt(STANDARD, field.path) !== "true");
      const text = { switch: switched, number: "7" }[field.kind as string] ?? "new";
      const changed = changedAt(STANDARD, field, text);
      expect(valueAt(changed, field.path)).toBe(text);
      const others = fields.filter(({ path }) => path !== field.path);
      expect(others.map(({ path }) => valueAt(changed, path))).toEqual(
        others.map(({ path }) => valueAt(before, path)),
      );
    }
    expect(STANDARD).toEqual(before);
  });

  it("are absent where they may be", () => {
    const waiting = fields.find(({ path }) => path === "statusCall.codeWaiting");
    expect(waiting && changedAt(STANDARD, waiting, "").statusCall.codeWaiting).toBeNull();
  });

  it("are on or off where they are switches", () => {
    const records = fields.find(({ path }) => path === "reconcile.callRecords");
    expect(valueAt(STANDARD, "reconcile.callRecords")).toBe("false");
    expect(records && changedAt(STANDARD, records, "true").reconcile.callRecords).toBe(true);
  });

  it("keep the types that the API wants", () => {
    const named = (wanted: string) => fields.find(({ path }) => path === wanted) ?? fields[0];
    const changed = (path: string, text: string): typeof STANDARD => {
      const field = named(path);
      return field ? changedAt(STANDARD, field, text) : STANDARD;
    };
    expect(changed("fhir.auditEvent", "true").fhir.auditEvent).toBe(true);
    expect(changed("fhir.auditEvent", "false").fhir.auditEvent).toBe(false);
    expect(changed("webhook.secretVersion", "3").webhook.secretVersion).toBe(3);
    expect(changed("webhook.secretVersion", "nonsense").webhook.secretVersion).toBe(1);
    expect(changed("oracle.patientConnected", "").oracle.patientConnected).toBeNull();
    expect(changed("fhir.scope", "").fhir.scope).toBe("");
  });

  it("are shown where they mean something", () => {
    const titles = (kind: Parameters<typeof groupsFor>[0]) => groupsFor(kind).map(({ title }) => title);
    expect(titles("epic")).toContain("settings.status");
    expect(titles("epic")).not.toContain("settings.fhir");
    expect(titles("fhir")).not.toContain("settings.record");
    expect(titles("webhook")).toContain("settings.record");
    expect(titles("none")).toEqual([
      "settings.branding",
      "settings.visits",
      "settings.signing",
      "settings.reconcile",
      "settings.record",
    ]);
  });

  it("have words for values that are one of a few", () => {
    expect(wordOf("ehrKind", "webhook")).toBe("kind.webhook");
    expect(wordOf("settings.fhir.auditEvent", "true")).toBe("value.on");
    expect(wordOf("settings.fhir.auditEvent", "false")).toBe("value.off");
    expect(wordOf("settings.oracle.patientConnected", "arrived")).toBe("choice.arrived");
    expect(wordOf("settings.statusCall.method", "GET")).toBeUndefined();
    expect(wordOf("settings.statusCall.path", "/x")).toBeUndefined();
    expect(wordOf("fhirBaseUrl", "https://h.example")).toBeUndefined();
  });

  it("have a name in a list of differences", () => {
    expect(fields.every(({ path }) => labelOf(`settings.${path}`))).toBe(true);
    expect(labelOf("fhirBaseUrl")).toBe("field.url");
    expect(labelOf("settings.unheardOf")).toBeUndefined();
  });

  it("take a small picture as logo and nothing else", () => {
    expect(logoProblem({ type: "image/png", size: 1000 })).toBeUndefined();
    expect(logoProblem({ type: "image/svg+xml", size: 10 })).toBe("setting.branding.logoType");
    expect(logoProblem({ type: "image/png", size: 30_000 })).toBe("setting.branding.logoSize");
  });
});

describe("a connection's name", () => {
  it("differs between the environments of one hospital", () => {
    const fhirBaseUrl = "https://hospital.example/api/FHIR/R4";
    expect(nameOf({ fhirBaseUrl, environment: "test" })).toBe("hospital.example test");
    expect(nameOf({ fhirBaseUrl, environment: "production" })).toBe("hospital.example production");
  });
});

describe("the funnel", () => {
  const day = (launched: number | null, department = "D"): FunnelDay => ({
    day: "2026-11-23",
    department,
    launched,
    pageOpened: 1,
    devicesFine: 1,
    waiting: 1,
    admitted: 1,
    bothConnected: 1,
    finished: 0,
    hidden: launched === null,
  });

  it("never makes a hidden number known by a sum", () => {
    expect(totals([day(7), day(null), day(8)])[0]).toMatchObject({ count: 16, isLeast: true });
    expect(totals([day(7), day(8)])[0]).toMatchObject({ count: 15, isLeast: false });
  });

  it("says in CSV what is hidden", () => {
    const titles = ["Day", "Department", "1", "2", "3", "4", "5", "6", "7"];
    expect(funnelCsv([day(null, "=D")], titles, "under 5").split("\r\n")[1]).toBe(
      "2026-11-23,'=D,under 5,1,1,1,1,1,0",
    );
  });

  it("counts days back over the end of a month", () => {
    expect(lastDays(7, new Date("2026-03-03T01:00:00Z"))).toEqual({ from: "2026-02-25", to: "2026-03-03" });
  });
});

describe("given-up writebacks", () => {
  it("are counted by connection and answer, the most first", () => {
    const one = (connection: string, reason: string, status = "given up") => ({ connection, reason, status });
    const found = kindsOf([one("a", "X"), one("b", "X"), one("b", "X"), one("b", "X", "delivered")]);
    expect(found).toEqual([
      { connection: "b", reason: "X", count: 2 },
      { connection: "a", reason: "X", count: 1 },
    ]);
  });

  it("are sent again until nothing is left, and counted together", async () => {
    const answers = [
      { replayed: 500, refused: 3, next: "a.b.c.1" },
      { replayed: 0, refused: 40, next: "a.b.c.2" },
      { replayed: 7, refused: 0, next: "" },
    ];
    const asked: string[] = [];
    const sum = await replayAll(async (after) => {
      asked.push(after);
      return answers[asked.length - 1] ?? { replayed: 0, refused: 0, next: "" };
    });
    expect(asked).toEqual(["", "a.b.c.1", "a.b.c.2"]);
    expect(sum).toEqual({ replayed: 507, refused: 43, next: "" });
  });
});

describe("arrow keys", () => {
  it.each([
    ["ArrowRight", 2, "ltr", 0],
    ["ArrowLeft", 0, "ltr", 2],
    ["ArrowLeft", 0, "rtl", 1],
    ["ArrowRight", 0, "rtl", 2],
    ["Home", 2, "ltr", 0],
    ["End", 0, "rtl", 2],
    ["a", 1, "ltr", 1],
  ] as const)("%s at %i in %s leads to %i", (key, at, direction, expected) => {
    expect(steppedTo(key, at, 3, direction)).toBe(expected);
  });
});

describe("problems", () => {
  it("keep the words of the API", () => {
    const body = { code: "connection_exists", title: "a", detail: "b", nextStep: "c", instance: "urn:x:1" };
    const problem = asProblem(body, 409);
    expect(problem).toBeInstanceOf(ApiProblem);
    expect(problem).toMatchObject({ code: "connection_exists", title: "a", detail: "b", nextStep: "c" });
  });

  it("are no problem of the API where a proxy answers", () => {
    expect(asProblem("<html>", 502)).toBeInstanceOf(NoAnswer);
  });

  it("are asked again only where that can help", () => {
    const refused = asProblem({ code: "not_approver" }, 403);
    expect(isWorthRetrying(0, refused)).toBe(false);
    expect(isWorthRetrying(0, asProblem({ code: "ehr_unreachable" }, 424))).toBe(true);
    expect(isWorthRetrying(0, new NoAnswer(""))).toBe(true);
    expect(isWorthRetrying(2, new NoAnswer(""))).toBe(false);
  });
});
