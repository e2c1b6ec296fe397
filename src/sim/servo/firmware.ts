/** What only some firmware does, or only one source says: each is an option of the simulated servo, off at first. */

/** How a servo's firmware departs from the one that everybody agrees on. */
export interface Firmware {
  /**
   * After a write, EEPROM reads back as zeros for 0.2 s: one project's measurement. LeRobot 0.6 reads phase a few ms
   * after another write on real servos, and sees what is there (lerobot PR #3373).
   */
  zerosAfterEepromWrite: boolean;
  /** Writing a goal leaves the torque as it is: that it switches it on is one project's measurement. */
  goalsLeaveTorque: boolean;
  /** `goal_position` takes no value outside of the position limits: it takes the limit instead. */
  clampsGoals: boolean;
  /** `acceleration` takes no more than `maximum_acceleration`, and that is written with the lock open only. */
  clampsAcceleration: boolean;
  /** `acceleration` takes no more than this. */
  highestAcceleration: number;
}

/** Firmware without anything particular. */
export function plainFirmware(): Firmware {
  return {
    zerosAfterEepromWrite: false,
    goalsLeaveTorque: false,
    clampsGoals: false,
    clampsAcceleration: false,
    highestAcceleration: 254,
  };
}
