"""The fine-tuning stage of the vision track."""

from functools import partial
from pathlib import Path

from generality.data.image_set import open_image_set
from generality.data.pictures.resizing import CROP_OF_ORIGINAL, resized
from generality.errors import StudyError
from generality.runtime.device import device
from generality.training.series import fit_and_save
from generality.vision.classifier import ImageClassifier, check_pictures, load_classifier, save_classifier
from generality.vision.objective import ImageClassification


def finetune_classifier(
    folder: str | Path, *, model: str | Path, data: str | Path, train: dict, seed: int, **options
) -> None:
    """Fine-tune the classifier folder `model` on the image set `data` and write the classifier folder `folder`.

    `options` are those of `fit_and_save`: method, hyperparameters, log and optionally series, the shares of all steps
    after which to write checkpoints into `folder` instead.
    """
    classifier, config, objective = prepare(model, data, train=train, seed=seed)
    fit_and_save(
        folder, lambda place: save_classifier(classifier, place, config), classifier, objective,
        stage=__name__, inputs=[model, data], train=train, seed=seed, **options,
    )  # fmt: skip


def prepare(
    model: str | Path, data: str | Path, *, train: dict, seed: int
) -> tuple[ImageClassifier, dict, ImageClassification]:
    """Return a classifier on its device, its config and its objective on the image set `data`.

    Raise StudyError if the pictures have other classes than the classifier or do not suit its tower.
    """
    classifier, config = load_classifier(model)
    images = open_image_set(data)
    if images.classes != config["classes"]:
        raise StudyError(f"{data}: its classes are not those of {model}; run the stage that makes the classifier again")
    check_pictures(model, config, images, data)
    uncropped = images.aspects is not None
    if resized(images.manifest["source"]) and uncropped != (train["augment"] == CROP_OF_ORIGINAL):
        stored = "squashed whole" if uncropped else "no more whole"
        raise StudyError(f"{data}: its pictures are {stored}, which does not suit train.augment: {train['augment']}")
    where = device(train["precision"])
    classifier.to(where)
    if train["compile"]:
        classifier.visual.compile()
    classification = partial(
        ImageClassification, preprocess_cfg=config["preprocess_cfg"], augmentation=train["augment"], seed=seed,
        device=where, precision=train["precision"],
    )  # fmt: skip

    def beside(folder: str) -> ImageClassification:
        others = open_image_set(folder)
        check_pictures(model, config, others, folder)
        return classification(others, labelled=others.classes == config["classes"])

    return classifier, config, classification(images, beside=beside)
