/** Sets two pairs up as `so101 assign --bimanual` does, with boards that are only said to be there; prints what came of it. */
import { existsSync, readFileSync } from "node:fs";
import { carryOutBimanual, planBimanual, SIDES } from "../../src/workflows/assign/bimanual.ts";
import { ScriptedOperator } from "./scripted-operator.ts";

const [, , answer, ...serials] = process.argv;
const boards = serials.map((serial, index) => ({ path: `/dev/ttyACM${index}`, serial }));
const operator = new ScriptedOperator({ answer: () => answer === "yes" });
const [leftLeader, leftFollower, rightLeader, rightFollower] = serials;

let error: string | undefined;
try {
  const plan = await planBimanual(
    "my",
    {
      left: { given: { leader: leftLeader, follower: leftFollower }, operator },
      right: { given: { leader: rightLeader, follower: rightFollower }, operator },
    },
    async () => boards,
  );
  await carryOutBimanual(plan, { left: operator, right: operator });
} catch (cause) {
  error = (cause as Error).message;
}
const textOf = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : null);
const { asked, heard } = operator;
console.log(
  JSON.stringify({
    ...{ asked, heard, error },
    rules: textOf("/etc/udev/rules.d/98-so101-arms.rules"),
    ...Object.fromEntries(SIDES.map((side) => [side, textOf(`/etc/so101-teleop/${side}.toml`)])),
    systemctl: textOf("/run/systemctl-calls"),
  }),
);
