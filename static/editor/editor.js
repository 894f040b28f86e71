// placeholder until the bundle's sources stand here
export const version = 0;
