# The models that are compared: rows of one parameter space (tprune.config.grid).


# A cluster's job reads this file too, without the target on its command line: it is told by the environment.
os.environ["TPRUNE_RIVALS"] = (
    "asked"
    if {"rivals", "study"} & set(sys.argv)
    else os.environ.get("TPRUNE_RIVALS", "")
)


envvars:
    "TPRUNE_RIVALS",


def is_compared(point):
    """Rivals stand in the tables once the target `rivals` or `study` asked for them, and from then on."""
    made = [f"{name}~{value}" for name, value in point.items()]
    check = os.path.join(RESULTS, "compact", *made, "check.json")
    return bool(os.environ["TPRUNE_RIVALS"]) or os.path.exists(check)


grid = model_grid(settings)
rivals_alone = rival_grid(settings)[len(grid) :]
grid += [point for point in rivals_alone if is_compared(point)]
penalised = Paramspace(pd.DataFrame(penalised_grid(settings)))
pruned = Paramspace(pd.DataFrame(grid))
