// What CI runs: seeds from SEED on.
export const SEED = 1;
export const COUNT = 2000;
