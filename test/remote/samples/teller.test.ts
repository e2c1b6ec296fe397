import { afterEach, beforeEach, expect, test } from "bun:test";
import { Teller } from "../../../src/remote/samples/teller.ts";
import { anArm, NetworkPair } from "../../support/network-pair.ts";

let service: NetworkPair;
let teller: Teller;
let refused: unknown[];

beforeEach(async () => {
  service = await NetworkPair.start({});
  refused = [];
  teller = new Teller(service.path, (error) => refused.push(error));
});

afterEach(async () => {
  teller.end();
  await service[Symbol.asyncDispose]();
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await Bun.sleep(5);
}

const known = (epoch: string) => ({ do: "heard", leader: "desk/main", arm: anArm(epoch) }) as const;
const A = "00000000000000aa";
const B = "00000000000000bb";

test("what could not be told is told when it can be, the newest of each kind", async () => {
  service.end();
  teller.tell(known(A));
  await until(() => refused.length === 1);
  for (let count = 0; count < 20; count++)
    teller.tell({ do: "heard", leader: "desk/main", trouble: { why: "offline" } });
  teller.tell({ do: "unsent" });
  teller.tell(known(B));
  await service.begin();
  await until(() => service.heard.length > 0 && service.unsent.length > 0);
  expect(service.heard).toEqual([{ leader: "desk/main", arm: anArm(B) }]);
  expect(service.unsent).toEqual([undefined]);
  expect(refused.length).toBeLessThanOrEqual(3);
});

test("how many samples of others came is told beside what is known, in their order", async () => {
  teller.tell(known(A));
  teller.tell({ do: "heard", leader: "desk/main", others: 3 });
  await until(() => service.heard.length === 2);
  expect(service.heard).toEqual([
    { leader: "desk/main", arm: anArm(A) },
    { leader: "desk/main", others: 3 },
  ]);
});
