"""The exported model folder: what a consumer needs to compute a risk, as text, with a hash of every file.

==============================  =======================================================================
model.txt                       LightGBM's own text
calibration.json                how its log-odds become a risk
contract.json                   inputs (name, unit, type, range), bands, outcome, status
feature_dictionary.json         what each input is
metrics.json                    how good it was, as released
consumer.py, MLmodel            what `mlflow.pyfunc.load_model` reads (models from code; nothing pickled)
requirements.txt, conda.yaml,
python_env.yaml                 names and versions of libraries
hashes.json                     SHA-256 of each file, and one of them all
==============================  =======================================================================
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfrisk.errors import DataError, StudyError
from hfrisk.locking import locked
from hfrisk.progress import Quiet
from hfrisk.registry.offline import offline_mlflow

if TYPE_CHECKING:
    import pandas as pd

    from hfrisk.disclosure import Released
    from hfrisk.registry.consumer import Scorer

__all__ = ["LoadedBundle", "Staged", "load_bundle", "staged_bundle", "write_bundle"]

_LIBRARIES = ("mlflow", "lightgbm", "pandas", "numpy")
_OTHER = "Another run is publishing to the same models folder"
_RESERVED = ("artifacts", "mlflow.db")
_NEEDED = ("MLmodel", "calibration.json", "consumer.py", "contract.json", "feature_dictionary.json", "model.txt")


@dataclass(frozen=True)
class Staged:
    """A complete bundle in a temporary folder beside its place.

    Parameters
    ----------
    path
        The temporary folder.
    folder
        Where it goes.
    fingerprint
        One hash of every file; equal bundles have equal fingerprints.
    """

    path: Path
    folder: Path
    fingerprint: str

    def install(self) -> None:
        """Put it in its place; the earlier bundle, if any, goes as a whole."""
        earlier = _earlier(self.folder)
        with _plain_words_for(self.folder):
            if self.folder.exists():
                self.folder.rename(earlier)
            self.path.rename(self.folder)
        shutil.rmtree(earlier, ignore_errors=True)


@dataclass(frozen=True)
class LoadedBundle:
    """An exported model that can score, after its files were checked against their hashes.

    Parameters
    ----------
    scorer
        The consumers' own code.
    fingerprint
        One hash of every file.
    """

    scorer: Scorer
    fingerprint: str

    @property
    def contract(self) -> dict[str, Any]:
        """Inputs, bands, outcome and status."""
        return self.scorer.contract

    def predict(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return risk and band of each row, with the index of `table`.

        Raises
        ------
        DataError
            When a column of the contract is missing or holds something else than numbers.
        """
        from hfrisk.registry.consumer import InputError

        try:
            return self.scorer.predict(table)
        except InputError as refused:
            raise DataError(
                str(refused),
                where="the table to be scored",
                todo="Compare its columns with contract.json of the exported model.",
            ) from None


def write_bundle(released: Released, folder: Path) -> str:
    """Write the exported model folder, in place of an earlier one; return its fingerprint.

    Parameters
    ----------
    released
        What the gate let through.
    folder
        ``models/<study>``. It is replaced whole, or left as it was.

    Raises
    ------
    StudyError
        When the folder holds something that is not a model bundle, or cannot be written.
    """
    with staged_bundle(released, folder) as staged:
        staged.install()
        return staged.fingerprint


@contextmanager
def staged_bundle(released: Released, folder: Path, progress: Quiet | None = None) -> Iterator[Staged]:
    """Write a bundle beside its place, alone in the models folder; unless installed, it is gone afterwards."""
    staging = folder.parent / f".{folder.name}.new-{os.getpid()}"
    if released.forbidden_by:
        raise StudyError(
            f"The model may not be exported: it failed {', '.join(released.forbidden_by)}.",
            where="disclosure.exceptions",
            todo="Change its settings as the checks say, or record an exception that somebody answers for.",
        )
    if folder.name in _RESERVED:
        raise StudyError(
            "A study of this name has no place for its model: MLflow keeps its own files there.",
            where=str(folder),
            todo="Give the study another name.",
        )
    texts, fingerprint = _texts(released, name=folder.name)
    with ExitStack() as stack:
        with _plain_words_for(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            lock = locked(folder.parent / ".publish.lock", progress or Quiet(), what=_OTHER)
            stack.enter_context(lock)
            stack.callback(shutil.rmtree, staging, ignore_errors=True)
            _tidy(folder)
            staging.mkdir()
            for file, text in texts.items():
                (staging / file).write_bytes(text.encode("utf-8"))
        yield Staged(staging, folder, fingerprint)


def load_bundle(folder: Path) -> LoadedBundle:
    """Open an exported model folder.

    The scoring code is this package's own copy of the consumers' file; that of the folder is not run.

    Raises
    ------
    DataError
        When there is no bundle, or a file of it is missing or does not match its hash.
    """
    place = folder
    if not folder.exists() and _earlier(folder).exists():
        # A publisher was stopped between taking the earlier bundle away and putting the new one in its place.
        place = _earlier(folder)
    fingerprint = _checked_fingerprint(place)
    with offline_mlflow():
        from hfrisk.registry.consumer import BundleError, Scorer

    try:
        return LoadedBundle(Scorer.load(place), fingerprint)
    except (BundleError, KeyError, TypeError, ValueError) as error:
        raise _damaged(folder, "its files do not fit together") from error


def _texts(released: Released, *, name: str) -> tuple[dict[str, str], str]:
    """Every file of the bundle, and one hash of them."""
    from importlib import metadata  # costs what `hfrisk --help` has no time for
    from importlib.resources import files

    bundle = released.bundle
    if bundle is None:
        raise ValueError("a study without a model has nothing to export")
    versions = {library: metadata.version(library) for library in _LIBRARIES}
    texts = {
        "model.txt": bundle.model_text,
        "calibration.json": _json(bundle.calibration),
        "contract.json": _json(bundle.contract),
        "feature_dictionary.json": _json(bundle.dictionary),
        "metrics.json": _json(released.metrics()),
        "consumer.py": files("hfrisk.registry").joinpath("consumer.py").read_text(encoding="utf-8"),
        "requirements.txt": "".join(f"{library}=={version}\n" for library, version in versions.items()),
        "conda.yaml": _conda(versions),
        "python_env.yaml": (
            f"python: {platform.python_version()}\nbuild_dependencies:\n- pip\ndependencies:\n- -r requirements.txt\n"
        ),
    }
    texts["MLmodel"] = _mlmodel(bundle.contract, name=name, identity=_one_hash(_hashes(texts)))
    hashes = _hashes(texts)
    fingerprint = _one_hash(hashes)
    texts["hashes.json"] = _json({"algorithm": "sha256", "bundle": fingerprint, "files": hashes})
    return texts, fingerprint


def _mlmodel(contract: dict[str, Any], *, name: str, identity: str) -> str:
    """MLflow's description of the folder.

    `mlflow.pyfunc.save_model` would write the absolute path of our own file into it, the time, a random
    identity and a version of cloudpickle; so the same folder is described here by the same classes, without them.
    """
    import yaml

    with offline_mlflow():
        import mlflow.pyfunc
        from mlflow.models import Model, ModelSignature
        from mlflow.types.schema import AnyType, ColSpec, DataType, Schema

    # Types are checked by `predict` against the contract: a typed signature refuses a whole number for a decimal,
    # takes the text "80" for one, and shows rows of the table in its errors; required columns are not named all.
    any_type: Any = AnyType  # its constructor has no type hints
    inputs = Schema([ColSpec(any_type(), item["name"], required=False) for item in contract["inputs"]])
    outputs = Schema([ColSpec(DataType.double, "risk"), ColSpec(DataType.string, "band")])
    model = Model(
        signature=ModelSignature(inputs=inputs, outputs=outputs),
        model_uuid=identity[:32],
        metadata={"study": name, **{k: contract[k] for k in ("outcome", "risk", "window", "status") if k in contract}},
    )
    stored = ("model.txt", "calibration.json", "contract.json", "hashes.json")
    mlflow.pyfunc.add_to_model(
        model,
        loader_module="mlflow.pyfunc.loaders.code_model",
        conda_env="conda.yaml",
        python_env="python_env.yaml",
        model_code_path="consumer.py",
        artifacts={file.split(".")[0]: {"path": file, "uri": file} for file in stored},
        streamable=False,
    )
    description = {k: v for k, v in model.to_dict().items() if v is not None and k != "utc_time_created"}
    return str(yaml.safe_dump(json.loads(json.dumps(description)), sort_keys=True, allow_unicode=True))


def _conda(versions: dict[str, str]) -> str:
    pins = "".join(f"  - {library}=={version}\n" for library, version in versions.items())
    return f"name: hfrisk-consumer\nchannels:\n- conda-forge\ndependencies:\n- python={platform.python_version()}\n- pip\n- pip:\n{pins}"


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _hashes(texts: dict[str, str]) -> dict[str, str]:
    return {file: hashlib.sha256(texts[file].encode("utf-8")).hexdigest() for file in sorted(texts)}


def _one_hash(hashes: dict[str, str]) -> str:
    return hashlib.sha256("".join(f"{file} {hashes[file]}\n" for file in sorted(hashes)).encode()).hexdigest()


def _checked_fingerprint(folder: Path) -> str:
    try:
        hashes = json.loads((folder / "hashes.json").read_text(encoding="utf-8"))["files"]
        named = isinstance(hashes, dict) and all(
            isinstance(value, str) and Path(file).name == file for file, value in hashes.items()
        )
        if not named or not set(_NEEDED) <= set(hashes):
            raise _damaged(folder, "hashes.json does not list the files of a model")
        for file, expected in hashes.items():
            if hashlib.sha256((folder / file).read_bytes()).hexdigest() != expected:
                raise _damaged(folder, f"{file} has another hash than when it was written")
    except FileNotFoundError as error:
        raise _damaged(folder, f"{Path(str(error.filename)).name} is not there") from None
    except (OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise _damaged(folder, "hashes.json cannot be read") from error
    return _one_hash(hashes)


def _damaged(folder: Path, why: str) -> DataError:
    return DataError(
        f"This is not a complete model as it was released: {why}.",
        where=str(folder),
        todo="Export the model again (hfrisk run), or copy the folder again from where it was released.",
    )


@contextmanager
def _plain_words_for(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StudyError(
            "The model cannot be written.",
            where=str(folder),
            todo=f"Make the folder writable, or choose another ({error.strerror or 'the system gave no reason'}).",
        ) from error


def _earlier(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.earlier"


def _tidy(folder: Path) -> None:
    """Clear what a stopped publisher left: an earlier bundle goes back to its place, unfinished ones go."""
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / "MLmodel").exists())):
        raise StudyError(
            "The model's place holds something that is not a model bundle; it is left alone.",
            where=str(folder),
            todo="Move it away, or give the study another name.",
        )
    earlier = _earlier(folder)
    if earlier.exists() and not folder.exists():
        earlier.rename(folder)
    shutil.rmtree(earlier, ignore_errors=True)
    for unfinished in folder.parent.glob(f".{folder.name}.new-*"):
        shutil.rmtree(unfinished, ignore_errors=True)
