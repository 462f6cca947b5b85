export const tmpdir = (): string => "/tmp";
