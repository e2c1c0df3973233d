//! Models, and how one is run: on the thread that asks, because a worker is one core's work.

use rten::{Model, RunOptions, ThreadPool, Value};
use rten_tensor::{AsView, Layout, NdTensor, Tensor};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Committed beside the code: small, and made by a documented command (docs, "Models").
const FACE_DETECT: &[u8] = include_bytes!("../models/face-detect.onnx");
const FACE_MESH: &[u8] = include_bytes!("../models/face-mesh.onnx");
const EYE_LIDS: &[u8] = include_bytes!("../models/eye-lids.onnx");

/// Fetched by `ci/models`.
const FACE_DESCRIBE_FILE: &str = "face-describe.onnx";
const TEXT_READ_FILE: &str = "text-read.onnx";

#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("no model at {}", .0.display())]
    Missing(PathBuf),
    #[error("the model {name} does not load")]
    Broken {
        name: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the model {0} did not answer in the form that it has")]
    Answer(&'static str),
}

pub struct Network {
    name: &'static str,
    model: Model,
    options: RunOptions,
}

impl Network {
    fn of(
        name: &'static str,
        model: Result<Model, rten::LoadError>,
        threads: &Arc<ThreadPool>,
    ) -> Result<Self, ModelError> {
        let model = model.map_err(|source| ModelError::Broken {
            name,
            source: Box::new(source),
        })?;
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(threads)));
        Ok(Self {
            name,
            model,
            options,
        })
    }

    /// Every answer, with its shape.
    pub fn run<const N: usize>(&self, input: &NdTensor<f32, 4>) -> Result<[Answer; N], ModelError> {
        let broken = || ModelError::Answer(self.name);
        let [input_id] = self.model.input_ids() else {
            return Err(broken());
        };
        let answers = self
            .model
            .run(
                vec![(*input_id, input.view().into())],
                self.model.output_ids(),
                Some(self.options.clone()),
            )
            .map_err(|_| broken())?;
        let answers: Vec<Answer> = answers
            .into_iter()
            .map(Answer::of)
            .collect::<Option<_>>()
            .ok_or_else(broken)?;
        answers.try_into().map_err(|_| broken())
    }

    /// What somebody wrote into the model's file beside the network.
    fn note(&self, name: &str) -> Option<&str> {
        let mut notes = self.model.metadata().fields();
        notes.find_map(|(field, value)| (field == name).then_some(value))
    }

    pub const fn answer_is_wrong(&self) -> ModelError {
        ModelError::Answer(self.name)
    }
}

/// One answer of a model.
pub struct Answer {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

impl Answer {
    fn of(value: Value) -> Option<Self> {
        let tensor: Tensor<f32> = value.into_tensor()?;
        Some(Self {
            shape: tensor.shape().to_vec(),
            values: tensor.to_vec(),
        })
    }
}

/// The Latin letters, digits and marks among the recogniser's classes, of which most are Chinese.
pub struct Letters(Vec<(usize, char)>);

impl Letters {
    /// The recogniser's file lists its classes, a line each. Before the first is the one that says that there is
    /// nothing, and after the last a blank.
    fn of(network: &Network) -> Result<Self, ModelError> {
        let listed = network.note("character");
        let listed = listed.ok_or_else(|| network.answer_is_wrong())?;
        let mut letters = Vec::new();
        let mut blank = 1;
        for (class, line) in (1..).zip(listed.split('\n')) {
            blank = class + 1;
            let mut chars = line.chars();
            if let (Some(letter), None) = (chars.next(), chars.next())
                && (letter.is_alphanumeric() && letter < LATIN_END || MARKS.contains(letter))
            {
                letters.push((class, letter));
            }
        }
        letters.push((blank, ' '));
        Ok(Self(letters))
    }

    /// The likeliest, unless it is likelier that there is nothing.
    pub fn best(&self, row: &[f32]) -> Option<(char, f32)> {
        let value = |class: usize| row.get(class).copied().unwrap_or(0.0);
        let best = self
            .0
            .iter()
            .map(|(class, letter)| (*letter, value(*class)));
        let best = best.max_by(|a, b| a.1.total_cmp(&b.1))?;
        (best.1 > value(0)).then_some(best)
    }
}

/// Those that print on documents has. A bar is no mark: it would be a one or an I.
const MARKS: &str = ".,-/'()+:&";

/// The end of Latin Extended-B.
const LATIN_END: char = '\u{250}';

/// All that the engine needs, loaded once.
pub struct Models {
    pub face_detect: Network,
    pub face_mesh: Network,
    pub eye_lids: Network,
    pub face_describe: Network,
    pub text_read: Network,
    pub letters: Letters,
}

impl Models {
    /// From the folder that `ci/models` filled.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        let threads = Arc::new(ThreadPool::with_num_threads(1));
        let small = |name, bytes| Network::of(name, Model::load_static_slice(bytes), &threads);
        let file = |name| {
            let path = folder.join(name);
            if !path.is_file() {
                return Err(ModelError::Missing(path));
            }
            Network::of(name, Model::load_file(&path), &threads)
        };
        let text_read = file(TEXT_READ_FILE)?;
        Ok(Self {
            face_describe: file(FACE_DESCRIBE_FILE)?,
            letters: Letters::of(&text_read)?,
            text_read,
            face_detect: small("face-detect", FACE_DETECT)?,
            face_mesh: small("face-mesh", FACE_MESH)?,
            eye_lids: small("eye-lids", EYE_LIDS)?,
        })
    }
}
