class CameraConfig:
    pass


def make_cameras_from_configs(configs):
    return {name: config.make() for name, config in configs.items()}
