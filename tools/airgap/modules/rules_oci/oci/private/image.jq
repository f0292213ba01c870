# The manifest and the configuration of an image, whose members have the order that rules_oci 2.3.0 gives them
# (oci/private/image.sh). $base contains the base's document, or nothing. $layers contains an object for each new layer.
# Each attribute that is set is a named argument of jq. The argument of a file is its text.

def attribute($name; f): if $ARGS.named | has($name) then $ARGS.named[$name] | try f catch error("\($name): \(.)") else {} end;

def lines: split("\n") | map(select(. != ""));

# %5Cn is a newline in an item of a list with one item per line.
def words: lines | map(gsub("%5Cn"; "\n"));

def pair: capture("^(?<key>[^=]*)=(?<value>.*)$") // error("line \(tojson) is not KEY=VALUE");

def pairs: lines | map(pair) | from_entries;

# Each text between commas becomes a member.
def set: split(",") | map(if test("^$|\\s") then error("item \(tojson) is empty or has white space in it") else {key: ., value: {}} end) | from_entries;

def date: if test("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)\\z") then . else error("\(tojson) is no date (RFC 3339)") end;


# The base's variables, with the lines applied in order. A known name keeps its place. $N and ${N}, in which a brace may be
# missing, are replaced by the value that N has before the line.
def env($base): reduce (rtrimstr("\n") | split("\n")[] | pair) as $line (
    $base | map(split("=") | {key: .[0], value: (.[1:] | join("="))});
    . as $env
    | ($line.value | gsub("\\$\\{?(?<name>[a-zA-Z0-9_]+)\\}?"; .name as $name | [$env[] | select(.key == $name).value] |
        if length == 1 then .[0] else error("$\($name) is set \(length) times by the base and by lines before: set it once, or leave the reference out") end)) as $value
    | (map(.key) | index($line.key)) as $known
    | if $known then .[$known].value = $value else . + [{key: $line.key, value: $value}] end
  ) | map("\(.key)=\(.value)");

def config:
  ($base[0] // {created: "1970-01-01T00:00:00Z", config: {}, history: [], rootfs: {type: "layers", diff_ids: []}} +
    ($ARGS.named | {architecture, os, variant} | map_values(values))) as $image
  | (attribute("entrypoint"; {Cmd: null, Entrypoint: words}) # the base's command was meant for the base's entrypoint
    + attribute("cmd"; {Cmd: words})
    + attribute("exposed_ports"; {ExposedPorts: set})
    + attribute("volumes"; {Volumes: set})
    + attribute("env"; {Env: env($image.config.Env // [])})
    + attribute("labels"; {Labels: pairs})
    + attribute("user"; {User: .})
    + attribute("workdir"; {WorkingDir: .})) as $config
  | reduce $layers[] as $layer ($image; .rootfs.diff_ids += [$layer.diffid]
    | .history += [{created: "1970-01-01T00:00:00Z", created_by: "bazel build \($layer.label)"}])
  | . * (attribute("created"; {created: date}) + if $config == {} then {} else {$config} end)
  | if .config.Cmd == null then del(.config.Cmd) else . end;

def manifest:
  ($base[0] // {schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: {mediaType: "application/vnd.oci.image.config.v1+json", size: 0}, layers: []})
  # Engines refuse a mixture of Docker's types and OCI's.
  | (if .mediaType // "" | startswith("application/vnd.docker.") then "application/vnd.docker.image.rootfs.diff.tar."
    else "application/vnd.oci.image.layer.v1.tar+" end) as $type
  | .layers += [$layers[] | {size, digest, mediaType: (if .compression == "" then $type[:-1] else $type + .compression end)}]
  | . * attribute("annotations"; {annotations: pairs})
  # The base's data is a copy of the base's configuration.
  | .config += {$digest, $size} | del(.config.data);
