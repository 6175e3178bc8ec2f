// Templates contain the translated sentences; scripts only fill in the values: "{name} is empty.".
export const fillText = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
